import type { MimeBundle } from '../kernel-api.ts';
import type { Message } from './message.ts';
import type { Cell, Output } from './nbformat.ts';

type Shown = Extract<Output, { data: MimeBundle }>;

/** Collects what a kernel says into the outputs of a notebook's cells, as a front end does. */
export class OutputCollector {
  /** Display id to all outputs that show it, in whichever cell. */
  readonly #displays = new Map<string, Shown[]>();
  /** Cells whose outputs go when the next one comes. */
  readonly #clearNext = new Set<Cell>();

  /** Applies one message to the cell that brought it about; returns the output that is new or changed, if any. */
  apply(cell: Cell, message: Message): Output | undefined {
    const { content } = message;
    switch (message.header.msg_type) {
      case 'stream':
        return this.#stream(this.#outputs(cell), String(content.name), String(content.text));
      case 'display_data':
        return this.#show(cell, { output_type: 'display_data', ...shown(content) }, content);
      case 'execute_result': {
        const count = typeof content.execution_count === 'number' ? content.execution_count : null;
        return this.#show(
          cell,
          { output_type: 'execute_result', ...shown(content), execution_count: count },
          content,
        );
      }
      case 'update_display_data':
        return this.#update(content);
      case 'error':
        return add(this.#outputs(cell), {
          output_type: 'error',
          ename: String(content.ename),
          evalue: String(content.evalue),
          traceback: Array.isArray(content.traceback) ? content.traceback.map(String) : [],
        });
      case 'clear_output':
        if (content.wait === true) this.#clearNext.add(cell);
        else cell.outputs = [];
        return undefined;
      default:
        return undefined;
    }
  }

  #outputs(cell: Cell): Output[] {
    if (this.#clearNext.delete(cell)) cell.outputs = [];
    return (cell.outputs ??= []);
  }

  #stream(outputs: Output[], name: string, text: string): Output {
    const last = outputs.at(-1);
    if (last?.output_type === 'stream' && last.name === name) {
      last.text += text;
      return last;
    }
    return add(outputs, { output_type: 'stream', name, text });
  }

  #show(cell: Cell, output: Shown, content: Record<string, unknown>): Output {
    const id = displayId(content);
    if (id !== undefined) this.#displays.set(id, [...(this.#displays.get(id) ?? []), output]);
    return add(this.#outputs(cell), output);
  }

  #update(content: Record<string, unknown>): Output | undefined {
    const outputs = this.#displays.get(displayId(content) ?? '') ?? [];
    for (const output of outputs) Object.assign(output, shown(content));
    return outputs[0];
  }
}

function add<T extends Output>(outputs: Output[], output: T): T {
  outputs.push(output);
  return output;
}

function shown(content: Record<string, unknown>): { data: MimeBundle; metadata: object } {
  return { data: (content.data ?? {}) as MimeBundle, metadata: content.metadata ?? {} };
}

function displayId(content: Record<string, unknown>): string | undefined {
  const id = (content.transient as { display_id?: unknown } | undefined)?.display_id;
  return typeof id === 'string' ? id : undefined;
}
