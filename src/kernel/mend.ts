import type * as TypeScript from '@tslab/typescript-for-tslab';
import type { Compiler } from './compiler.ts';

/** Replaces `length` characters at `at` by `text`. */
interface Edit {
  at: number;
  length: number;
  text: string;
}

/** A cell's code as tslab can take it, and the way back to what was typed. */
export interface Mended {
  code: string;
  /** Offset in the mended code to offset in the cell. */
  toCell(offset: number): number;
  /** Whether an offset in the mended code lies in what was put in. */
  isPutIn(offset: number): boolean;
}

/** Code that needs no mending. */
export function unmended(code: string): Mended {
  return { code, toCell: (offset) => offset, isPutIn: () => false };
}

/** Cells are parsed as the body of an async function, where `await` is the keyword. */
const OPENING = 'async()=>{';

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

function isExported(
  node: TypeScript.Node,
): node is TypeScript.Node & { modifiers: TypeScript.NodeArray<TypeScript.Node> } {
  return 'modifiers' in node && node.modifiers !== undefined;
}

/** `export const a` and `export { a }`: a cell's names are known to later cells anyway. */
function exportEdits(ts: Compiler, statement: TypeScript.Statement, file: TypeScript.SourceFile): Edit[] {
  const erase = (from: number, to: number): Edit => ({
    at: from,
    length: to - from,
    text: blank(file.text.slice(from, to)),
  });
  if (ts.isExportAssignment(statement) && !statement.isExportEquals)
    return [erase(statement.getStart(file), statement.expression.getStart(file))];
  if (ts.isExportDeclaration(statement) && !statement.moduleSpecifier)
    return [erase(statement.getStart(file), statement.end)];
  if (!isExported(statement)) return [];
  const dropped = [ts.SyntaxKind.ExportKeyword, ts.SyntaxKind.DefaultKeyword];
  return statement.modifiers
    .filter((modifier) => dropped.includes(modifier.kind))
    .map((modifier) => erase(modifier.getStart(file), modifier.end));
}

/** The literal of `const name = await import('literal')`. */
function importedBy(
  ts: Compiler,
  node: TypeScript.VariableDeclaration,
): TypeScript.StringLiteral | undefined {
  if (
    !ts.isIdentifier(node.name) ||
    node.type ||
    !node.initializer ||
    !ts.isAwaitExpression(node.initializer)
  )
    return undefined;
  const call = node.initializer.expression;
  if (!ts.isCallExpression(call) || call.expression.kind !== ts.SyntaxKind.ImportKeyword) return undefined;
  const [specifier] = call.arguments;
  return specifier && ts.isStringLiteral(specifier) ? specifier : undefined;
}

function edits(ts: Compiler, file: TypeScript.SourceFile): Edit[] {
  const found: Edit[] = [];
  let awaits = false;
  let loops = false;
  const walk = (node: TypeScript.Node, functions: number): void => {
    const top = functions === 1;
    // { b } of an earlier cell's b becomes a ReferenceError; { b: b } does not.
    if (ts.isShorthandPropertyAssignment(node))
      found.push({ at: node.name.end, length: 0, text: `: ${node.name.text}` });
    if (ts.isAwaitExpression(node) && top) {
      awaits = true;
      // At the top of a module without top-level await, `await (x)` is a call of something named await.
      const { expression } = node;
      const [keyword, start] = [node.getStart(file) + 'await'.length, expression.getStart(file)];
      const newLine = file.text.slice(keyword, start).includes('\n');
      if (newLine || /^[([`+\-/]/.test(expression.getText(file))) {
        // On the line of the keyword: a line that ends with `await` would end the statement too.
        found.push(
          newLine
            ? { at: keyword, length: 0, text: ' Promise.resolve(' }
            : { at: start, length: 0, text: 'Promise.resolve(' },
        );
        found.push({ at: expression.end, length: 0, text: ')' });
      }
    }
    const imported = top && ts.isVariableDeclaration(node) ? importedBy(ts, node) : undefined;
    // Without its name the type of a module is written out, which fails where a part of it has no name here.
    if (imported && ts.isVariableDeclaration(node))
      found.push({ at: node.name.end, length: 0, text: `: typeof import(${imported.getText(file)})` });
    if (ts.isForOfStatement(node) && node.awaitModifier && top) loops = true;
    const inner = ts.isFunctionLike(node) ? functions + 1 : functions;
    ts.forEachChild(node, (child) => walk(child, inner));
  };
  walk(file, 0);
  const [wrapper] = file.statements;
  const arrow = wrapper && ts.isExpressionStatement(wrapper) ? wrapper.expression : undefined;
  if (arrow && ts.isArrowFunction(arrow) && ts.isBlock(arrow.body))
    for (const statement of arrow.body.statements) found.push(...exportEdits(ts, statement, file));
  // tslab sees that a cell must run as an async function by its await expressions only.
  if (loops && !awaits) found.push({ at: OPENING.length, length: 0, text: 'await 0; ' });
  return found.sort((a, b) => a.at - b.at);
}

/**
 * Mends what tslab 1.0.22 gets wrong in a cell: shorthand of an earlier cell's name, `await (expression)`, a `for await`
 * without any other await, `export`, and the type of `const name = await import('module')`. No line is added or removed.
 * Code that does not parse is left as it is, so that the error message is about what was typed.
 */
export function mend(ts: Compiler, code: string): Mended {
  const file = ts.createSourceFile('cell.ts', `${OPENING}${code}\n}`, ts.ScriptTarget.Latest, true);
  const broken = (file as unknown as { parseDiagnostics: unknown[] }).parseDiagnostics.length > 0;
  const list = broken ? [] : edits(ts, file).map((edit) => ({ ...edit, at: edit.at - OPENING.length }));
  let out = '';
  let from = 0;
  for (const edit of list) {
    out += code.slice(from, edit.at) + edit.text;
    from = edit.at + edit.length;
  }
  const toCell = (offset: number): number => {
    let shift = 0;
    for (const edit of list) {
      const start = edit.at + shift;
      if (offset < start) break;
      if (offset < start + edit.text.length) return edit.at + Math.min(offset - start, edit.length);
      shift += edit.text.length - edit.length;
    }
    return offset - shift;
  };
  const isPutIn = (offset: number): boolean => {
    let shift = 0;
    return list.some(({ at, length, text }) => {
      const start = at + shift;
      shift += text.length - length;
      return length === 0 && offset >= start && offset < start + text.length;
    });
  };
  return { code: out + code.slice(from), toCell, isPutIn };
}
