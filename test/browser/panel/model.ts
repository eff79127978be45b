type Listener = (...args: unknown[]) => void;

/** What anywidget hands to a view, with a kernel's end to it. Messages take a turn of the event loop each way. */
export class FakeModel {
  readonly attributes: Record<string, unknown>;
  readonly #listeners = new Map<string, Set<Listener>>();
  /** The kernel's ear; without one nobody answers. */
  kernel: ((content: unknown) => void) | undefined;
  delayMs = 5;
  saves = 0;
  readonly sent: Record<string, unknown>[] = [];
  readonly widget_manager = {};

  constructor(attributes: Record<string, unknown>) {
    this.attributes = attributes;
  }

  get = (key: string): unknown => this.attributes[key];

  set = (key: string, value: unknown): void => {
    this.attributes[key] = value;
    this.emit(`change:${key}`);
  };

  save_changes = (): void => void this.saves++;

  on = (name: string, listener: Listener): void => {
    if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
    this.#listeners.get(name)!.add(listener);
  };

  off = (name: string, listener: Listener): void => void this.#listeners.get(name)?.delete(listener);

  send = (content: unknown): void => {
    const copy = structuredClone(content);
    this.sent.push(copy as Record<string, unknown>);
    setTimeout(() => this.kernel?.(copy), this.delayMs);
  };

  emit(name: string, ...args: unknown[]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(...args);
  }

  /** A custom message from the kernel. */
  message(content: unknown, buffers: Float64Array[] | Uint8Array[] = []): void {
    // As in Jupyter, a buffer lies somewhere inside a larger frame.
    const views = buffers.map(({ buffer, byteOffset, byteLength }) => {
      const frame = new Uint8Array(byteLength + 3);
      frame.set(new Uint8Array(buffer, byteOffset, byteLength), 3);
      return new DataView(frame.buffer, 3);
    });
    setTimeout(() => this.emit('msg:custom', structuredClone(content), views), this.delayMs);
  }

  get listeners(): number {
    return [...this.#listeners.values()].reduce((sum, set) => sum + set.size, 0);
  }
}
