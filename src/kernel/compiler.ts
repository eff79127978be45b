import { SourceMap, type SourceMapPayload } from 'node:module';
import type * as TypeScript from '@tslab/typescript-for-tslab';
import { DECLARATIONS } from './globals.ts';

export type Compiler = typeof TypeScript;

/** Zero-based position. */
export interface Position {
  line: number;
  column: number;
}

/** From a position in the JavaScript that runs to the one in the TypeScript that was converted. */
export type PositionMap = (at: Position) => Position | undefined;

const INLINE_MAP = /\n?\/\/# sourceMappingURL=data:application\/json;base64,([\w+/=]+)\s*$/;
const MAP_LINK = /\n?\/\/# sourceMappingURL=\S+\s*$/;
/** tslab puts one line before every cell. */
const PREFIX_LINES = 1;

function lookUp(map: SourceMap, at: Position): Position | undefined {
  const entry = map.findEntry(at.line, at.column);
  return 'originalLine' in entry ? { line: entry.originalLine, column: entry.originalColumn } : undefined;
}

function chain(toModule: SourceMap, toCell: SourceMap): PositionMap {
  return (at) => {
    const middle = lookUp(toModule, at);
    const source = middle && lookUp(toCell, middle);
    return source && source.line >= PREFIX_LINES
      ? { ...source, line: source.line - PREFIX_LINES }
      : undefined;
  };
}

const DECLARATIONS_FILE = '__hi-zfo__.d.ts';

/** Lets a system have one more file, which is on no disk; its path. */
function addFile(system: TypeScript.System, name: string, text: string): string {
  const file = `${system.getCurrentDirectory()}/${name}`;
  const readFile = system.readFile.bind(system);
  const fileExists = system.fileExists.bind(system);
  const watchFile = system.watchFile?.bind(system);
  system.readFile = (path, encoding) => (path === file ? text : readFile(path, encoding));
  system.fileExists = (path) => path === file || fileExists(path);
  system.watchFile = (path, ...rest) =>
    path === file ? { close: () => undefined } : watchFile!(path, ...rest);
  return file;
}

/**
 * A compiler for tslab's converter that differs in three ways: cells carry source maps, the offered packages are found
 * from any folder, and cells see our globals. tslab compiles a cell in two passes, TypeScript to a module and the module to CommonJS; the maps of
 * both are chained.
 */
export function compilerView(
  ts: Compiler,
  offered: ReadonlyMap<string, string>,
): { compiler: Compiler; lastMap: () => PositionMap | undefined } {
  let last: PositionMap | undefined;
  const paths: Record<string, string[]> = {};
  for (const [name, folder] of offered) {
    paths[name] = [folder];
    paths[`${name}/*`] = [`${folder}/*`];
  }
  const create = ts.createWatchCompilerHost as unknown as (...args: unknown[]) => unknown;
  const createWatchCompilerHost = (
    files: string[],
    options: TypeScript.CompilerOptions,
    system: TypeScript.System,
    ...rest: unknown[]
  ): unknown => {
    const globals = addFile(system, DECLARATIONS_FILE, DECLARATIONS);
    const changed = { ...options, inlineSourceMap: true, ...(offered.size > 0 ? { paths } : {}) };
    return create([...files, globals], changed, system, ...rest);
  };
  const transpileModule: Compiler['transpileModule'] = (code, options) => {
    const inline = INLINE_MAP.exec(code);
    const base64 = inline?.[1];
    if (!inline || base64 === undefined) return ts.transpileModule(code, options);
    const compilerOptions = { ...options.compilerOptions, sourceMap: true };
    const result = ts.transpileModule(code.slice(0, inline.index), { ...options, compilerOptions });
    const toCell = JSON.parse(Buffer.from(base64, 'base64').toString()) as SourceMapPayload;
    const toModule = JSON.parse(result.sourceMapText ?? '{}') as SourceMapPayload;
    // The cell itself is always the last file that tslab converts, so the last map is the cell's.
    last = chain(new SourceMap(toModule), new SourceMap(toCell));
    return { ...result, outputText: result.outputText.replace(MAP_LINK, '') };
  };
  return {
    compiler: { ...ts, createWatchCompilerHost, transpileModule } as unknown as Compiler,
    lastMap: () => last,
  };
}
