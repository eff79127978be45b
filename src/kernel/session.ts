import {
  createConverter,
  createExecutor,
  getCodeMetadata,
  lastMap,
  takeOutside,
  ts,
  type Converter,
  type ConvertResult,
  type Executor,
} from './tslab.ts';
import { mend, unmended } from './mend.ts';
import { CellSources, type CellSource } from './stack.ts';
import type { Diagnostic } from './failure.ts';
import { renewSigint } from './interrupt.ts';

/** How one cell ended: the value of its last expression, or what went wrong. */
export type CellEnd =
  | { kind: 'done'; value: unknown; hasValue: boolean }
  | { kind: 'thrown'; error: unknown }
  | { kind: 'diagnosed'; diagnostics: Diagnostic[]; source: CellSource };

/**
 * tslab's converter and executor with mended cells, source maps, and names that outlive an error: a cell that throws
 * keeps what it had declared.
 */
export class CellSession {
  readonly sources = new CellSources();
  readonly executor: Executor;
  #errors: unknown[][] = [];
  #values: unknown[] = [];
  #number = 0;
  #last: ConvertResult | undefined;
  /** Declarations after a cell that threw; tslab would forget them. */
  #kept: string | undefined;

  constructor(folder: string) {
    const node = createConverter({ isJS: false, isBrowser: false });
    let browser: Converter | undefined;
    this.executor = createExecutor(
      folder,
      {
        node: this.#withSources(node),
        get browser() {
          return (browser ??= createConverter({ isJS: false, isBrowser: true }));
        },
        close: () => {
          node.close();
          browser?.close();
        },
      },
      { log: (value) => this.#values.push(value), error: (...args) => this.#errors.push(args) },
    );
  }

  /** Runs a cell; `number` stands in its stack frames. Never throws for what the cell does. */
  async run(code: string, number: number): Promise<CellEnd> {
    this.#errors = [];
    this.#values = [];
    this.#number = number;
    this.#last = undefined;
    const { module, mode } = getCodeMetadata(code);
    const asIs = module !== undefined || mode === 'browser';
    const mended = asIs ? unmended(code) : mend(ts, code);
    const source: CellSource = { code, mended, map: undefined, lines: 0 };
    this.sources.add(number, source);
    let done: boolean;
    try {
      const running = this.executor.execute(mended.code);
      renewSigint();
      done = await running;
    } catch (error) {
      return { kind: 'thrown', error };
    }
    const diagnostics = this.#errors.filter((args) => args.length > 1);
    // A module with errors is registered all the same (tslab's rule); its errors are still errors here.
    if (diagnostics.length > 0) return { kind: 'diagnosed', diagnostics, source };
    if (done) {
      this.#kept = undefined;
      return { kind: 'done', value: this.#values[0], hasValue: this.#values.length > 0 };
    }
    this.#kept = (this.#last as ConvertResult | undefined)?.declOutput ?? this.#kept;
    return { kind: 'thrown', error: this.#errors[0]?.[0] };
  }

  #withSources(converter: Converter): Converter {
    return {
      convert: (declared, code) => {
        const converted = converter.convert(this.#kept ?? declared, code);
        const lastMapOfCell = lastMap();
        const result = { ...converted, sideOutputs: [...(converted.sideOutputs ?? []), ...takeOutside()] };
        this.#last = result;
        if (result.output === undefined || result.output === '') return result;
        // The name that the cell's frames have in a stack.
        const output = `${result.output}\n//# sourceURL=cell-${this.#number}.ts`;
        this.sources.converted(this.#number, output, lastMapOfCell);
        return { ...result, output };
      },
      inspect: (declared, code, position) => converter.inspect(this.#kept ?? declared, code, position),
      complete: (declared, code, position) => converter.complete(this.#kept ?? declared, code, position),
      addModule: (name, code, meta) => converter.addModule(name, code, meta),
      close: () => converter.close(),
    };
  }
}
