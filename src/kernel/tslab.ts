import { createRequire } from 'node:module';
import type { Publisher, Router } from 'zeromq';
import type { ConnectionInfo } from '../notebook/run/message.ts';
import { packageRoot } from '../package-root.ts';
import { compilerView, type Compiler, type SideOutput } from './compiler.ts';
import { foldersOffered } from './offered.ts';

/** An error message of the TypeScript checker or a value that a cell threw, as tslab's executor reports it. */
export interface ExecutorConsole {
  /** Receives the value of a cell's last expression. */
  log(value: unknown): void;
  /** Receives a thrown value, or `('%s%d:%d - %s', file, line, column, text)` for a type error. */
  error(...args: unknown[]): void;
}

export interface ConvertResult {
  output?: string;
  declOutput?: string;
  diagnostics: unknown[];
  sideOutputs?: SideOutput[];
}

export interface Converter {
  convert(declared: string, code: string): ConvertResult;
  inspect(declared: string, code: string, position: number): object | undefined;
  complete(declared: string, code: string, position: number): object;
  addModule(name: string, code: string, meta?: object): unknown[];
  close(): void;
}

export interface Executor {
  execute(code: string): Promise<boolean>;
  interrupt(): void;
  close(): void;
}

/** The base of our handler; its queue and execution count are replaced by our own. */
export interface HandlerBase {
  handleIsComplete(request: { code: string }): { status: string; indent?: string };
  handleInspect(request: { code: string; cursor_pos: number }): object;
  handleComplete(request: { code: string; cursor_pos: number }): {
    matches: string[];
    cursor_start: number;
    cursor_end: number;
  };
  close(): void;
}

/** The base of our server: it owns the sockets and their loops. */
export interface ServerBase {
  connInfo: ConnectionInfo;
  iopub: Publisher;
  shell: Router;
  control: Router;
  bindSocket(socket: { bind(address: string): Promise<void> }, port: number): Promise<void>;
  handleShellMessage(socket: Router, ...frames: Buffer[]): Promise<void>;
  init(): Promise<void>;
  close(): void;
}

type DisplayWriter = (data: { data: object; metadata: object; transient?: object }, update: boolean) => void;

interface TslabJupyter {
  JupyterHandlerImpl: new (executor: Executor, isJs: boolean) => HandlerBase;
  ZmqServer: new (handler: HandlerBase, configPath: string) => ServerBase;
  /** tslab's own `display` writes here. */
  lastWriteDisplayData: DisplayWriter | null;
}

/*
 * These are internals of tslab 1.0.22 (pinned exactly). Its converter offers no way to set compiler options, so it is
 * loaded while the compiler's place in the module cache holds our view of the compiler.
 */
const require = createRequire(import.meta.url);
const tslabRequire = createRequire(require.resolve('tslab/dist/main.js'));
const compilerPath = tslabRequire.resolve('@tslab/typescript-for-tslab');

/** The compiler that tslab brings along. */
export const ts = tslabRequire(compilerPath) as Compiler;

/** The package folder of hi-zfo, and the packages that cells may import although their folder has none. */
export const root = packageRoot();
export const offered = foldersOffered(root, process.cwd());

const view = compilerView(ts, offered);
const cached = require.cache[compilerPath];
if (!cached) throw new Error(`the compiler of tslab at ${compilerPath} is not in the module cache`);
cached.exports = view.compiler;
const converter = tslabRequire('./converter.js') as {
  createConverter: (options: object) => Converter;
  esModuleToCommonJSModule: (code: string, target: number) => string;
};
cached.exports = ts;

export const { createConverter } = converter;
export const { createExecutor } = tslabRequire('./executor.js') as {
  createExecutor: (
    rootDir: string,
    converters: { node: Converter; browser: Converter; close(): void },
    console: ExecutorConsole,
  ) => Executor;
};
export const { getCodeMetadata } = tslabRequire('./metadata.js') as {
  getCodeMetadata: (code: string) => { module?: string; mode?: string };
};

const jupyter = tslabRequire('./jupyter.js') as TslabJupyter;
export const { JupyterHandlerImpl, ZmqServer } = jupyter;

/** Lets tslab's own `display` write through us. */
export function setDisplayWriter(writer: DisplayWriter): void {
  jupyter.lastWriteDisplayData = writer;
}

/** Source map of the last converted cell. */
export const { lastMap } = view;

/** Files outside of the notebook's folder that the last cell imports, as CommonJS. */
export function takeOutside(): SideOutput[] {
  return view.takeOutside().map(({ path, data }) => ({
    path,
    data: converter.esModuleToCommonJSModule(data, ts.ScriptTarget.ES2022),
  }));
}
