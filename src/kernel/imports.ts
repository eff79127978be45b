import { join } from 'node:path';
import { constants, Script } from 'node:vm';
import type * as TypeScript from '@tslab/typescript-for-tslab';

/** Name of the function that cells call for `import()`. */
export const IMPORT = '__hiZfoImport';

type Load = (specifier: string) => Promise<unknown>;

/** What `require` says of modules that only a real `import()` can load. */
const ONLY_IMPORT = ['ERR_REQUIRE_ASYNC_MODULE', 'ERR_REQUIRE_ESM', 'ERR_PACKAGE_PATH_NOT_EXPORTED'];

/**
 * Cells are CommonJS, where `import()` becomes a `require`. What that cannot load (a module with an await at its top, a
 * package for `import` only) gets a real import, as from a file in `folder`.
 */
export function importModule(folder: string): (required: Load, specifier: string) => Promise<unknown> {
  const { USE_MAIN_CONTEXT_DEFAULT_LOADER: importModuleDynamically } = constants;
  const script = new Script('(specifier) => import(specifier)', {
    filename: join(folder, 'cell.js'),
    importModuleDynamically,
  });
  const native = script.runInThisContext() as Load;
  return async (required, specifier) => {
    try {
      return await required(specifier);
    } catch (error) {
      if (!ONLY_IMPORT.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      return native(specifier);
    }
  };
}

/** Changes `import(x)` into a call of `importModule`, and takes `.ts` from the names of files, which are compiled. */
export function importTransformer(
  ts: typeof TypeScript,
): TypeScript.TransformerFactory<TypeScript.SourceFile> {
  return (context) => {
    const { factory } = context;
    const compiled = (node: TypeScript.Expression): TypeScript.Expression =>
      ts.isStringLiteral(node) && /^\.{1,2}\/.*[^.]\.tsx?$/.test(node.text)
        ? factory.createStringLiteral(node.text.replace(/\.tsx?$/, ''))
        : node;
    const visit = (node: TypeScript.Node): TypeScript.Node => {
      if (ts.isImportDeclaration(node))
        return factory.updateImportDeclaration(
          node,
          node.modifiers,
          node.importClause,
          compiled(node.moduleSpecifier),
          node.assertClause,
        );
      if (ts.isExportDeclaration(node) && node.moduleSpecifier)
        return factory.updateExportDeclaration(
          node,
          node.modifiers,
          node.isTypeOnly,
          node.exportClause,
          compiled(node.moduleSpecifier),
          node.assertClause,
        );
      const [specifier] = ts.isCallExpression(node) ? node.arguments : [];
      if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword && specifier) {
        const name = factory.createIdentifier('specifier');
        const load = factory.createArrowFunction(
          undefined,
          undefined,
          [factory.createParameterDeclaration(undefined, undefined, name)],
          undefined,
          undefined,
          factory.createCallExpression(node.expression, undefined, [name]),
        );
        const inner = ts.visitNode(compiled(specifier), visit) as TypeScript.Expression;
        return factory.createCallExpression(factory.createIdentifier(IMPORT), undefined, [load, inner]);
      }
      return ts.visitEachChild(node, visit, context);
    };
    return (file) => ts.visitNode(file, visit) as TypeScript.SourceFile;
  };
}
