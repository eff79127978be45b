import { SourceMap, type SourceMapPayload } from 'node:module';
import { isAbsolute, join, parse, posix, relative } from 'node:path';
import type * as TypeScript from '@tslab/typescript-for-tslab';
import { DECLARATIONS } from './declarations.ts';
import { importTransformer } from './imports.ts';

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

/** A compiled file that a cell imports. */
export interface SideOutput {
  path: string;
  data: string;
}

export interface CompilerView {
  compiler: Compiler;
  /** Source map of the cell that was converted last. */
  lastMap: () => PositionMap | undefined;
  /** Files outside of the notebook's folder that were compiled since this was last called, as ES modules. */
  takeOutside: () => SideOutput[];
}

/**
 * A compiler for tslab's converter that differs in this: cells carry source maps and see our globals; the offered
 * packages are found from any folder, others also by their `exports`, and TypeScript files also above the notebook's
 * folder and with `.ts` in the import; `import()` takes what `require` cannot. tslab compiles a cell in two passes,
 * TypeScript to a module and the module to CommonJS; the maps of both are chained.
 */
export function compilerView(ts: Compiler, offered: ReadonlyMap<string, string>): CompilerView {
  let last: PositionMap | undefined;
  let outside: SideOutput[] = [];
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
    const changed: TypeScript.CompilerOptions = {
      ...options,
      inlineSourceMap: true,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      allowImportingTsExtensions: true,
      rootDir: parse(system.getCurrentDirectory()).root,
      ...(offered.size > 0 ? { paths } : {}),
    };
    return create([...files, addFile(system, DECLARATIONS_FILE, DECLARATIONS)], changed, system, ...rest);
  };
  const createWatchProgram = (
    host: TypeScript.WatchCompilerHostOfFilesAndCompilerOptions<Builder>,
  ): unknown => {
    const created = host.afterProgramCreate?.bind(host);
    host.afterProgramCreate = (builder) =>
      created?.(emitsFrom(builder, host.getCurrentDirectory(), (file) => outside.push(file)));
    return ts.createWatchProgram(host);
  };
  const transpileModule: Compiler['transpileModule'] = (code, options) => {
    const transformers = { before: [importTransformer(ts)] };
    const inline = INLINE_MAP.exec(code);
    const base64 = inline?.[1];
    if (!inline || base64 === undefined) return ts.transpileModule(code, { ...options, transformers });
    const compilerOptions = { ...options.compilerOptions, sourceMap: true };
    const module = code.slice(0, inline.index);
    const result = ts.transpileModule(module, { ...options, compilerOptions, transformers });
    const toCell = JSON.parse(Buffer.from(base64, 'base64').toString()) as SourceMapPayload;
    const toModule = JSON.parse(result.sourceMapText ?? '{}') as SourceMapPayload;
    // The cell itself is always the last file that tslab converts, so the last map is the cell's.
    last = chain(new SourceMap(toModule), new SourceMap(toCell));
    return { ...result, outputText: result.outputText.replace(MAP_LINK, '') };
  };
  return {
    compiler: { ...ts, createWatchCompilerHost, createWatchProgram, transpileModule } as unknown as Compiler,
    lastMap: () => last,
    takeOutside: () => {
      const taken = outside;
      outside = [];
      return taken;
    },
  };
}

type Builder = TypeScript.EmitAndSemanticDiagnosticsBuilderProgram;

/**
 * A builder whose outputs have the names that tslab expects. It takes the notebook's folder for the root of all sources,
 * where ours is the root of the disk; a file that is not below the notebook's folder goes to `outside`.
 */
function emitsFrom(builder: Builder, folder: string, outside: (file: SideOutput) => void): Builder {
  const emit: Builder['emit'] = (file, write, ...rest) =>
    builder.emit(
      file,
      (name, text, ...more) => {
        const { outDir = '', rootDir = '' } = builder.getCompilerOptions();
        const source = join(rootDir, relative(outDir, name));
        const below = relative(folder, source);
        if (!below.startsWith('..') && !isAbsolute(below))
          write?.(posix.join(outDir, below.replaceAll('\\', '/')), text, ...more);
        else if (name.endsWith('.js')) outside({ path: source.replaceAll('\\', '/'), data: text });
      },
      ...rest,
    );
  return Object.assign(Object.create(builder) as Builder, { emit });
}
