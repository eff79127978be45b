import {
  probeColumns,
  rowColumns,
  type BudgetAnswer,
  type EventKind,
  type PanelCommand,
  type PanelState,
} from '../../../src/panel/protocol.ts';
import { FakeModel } from './model.ts';
import { solve } from './solver.ts';
import { chance, tensorsOf } from './tensors.ts';

export interface FakeOptions {
  model?: string;
  /** Steps that lie behind. */
  rows?: number;
  stepMs?: number;
  /** Steps of a run end when `endStep` is called, however long a slow machine takes to click meanwhile. */
  held?: boolean;
  profiled?: boolean;
  probes?: boolean;
}

/** A training session that trains nothing: it answers as the kernel does and makes numbers up. */
export class FakeSession {
  readonly model: FakeModel;
  readonly state: PanelState;
  readonly rows: number[][] = [];
  readonly probes: number[][] = [];
  /** The next command that is not about curves fails with this. */
  failNext: string | undefined;
  /** Largest rho that the profile serves. */
  reach = 1;
  previewMs = 4;
  readonly stepMs: number;
  /** No clock ends a step. */
  readonly #byHand: boolean;
  /** Steps of the rows that a view has. */
  #held: number[] = [];
  #edits: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({
    model = 'smol',
    rows = 0,
    stepMs = 100,
    held = false,
    profiled = true,
    probes = false,
  }: FakeOptions = {}) {
    const tensors = tensorsOf(model, profiled);
    this.stepMs = stepMs;
    this.#byHand = held;
    this.state = {
      revision: 0,
      title:
        model === 'smol'
          ? 'Hi-ZFO · SmolLM2-135M · gsm8k · seed 7'
          : 'Hi-ZFO · tiny · dialogue-summary · seed 7',
      method: 'hi-zfo',
      run: 'idle',
      steps: 0,
      until: null,
      secondsPerStep: null,
      rewindable: null,
      tensors,
      labels: (profiled ? 'Z' : 'F').repeat(tensors.length),
      reasons: 'a'.repeat(tensors.length),
      budget: null,
      settings: { alpha: 0.1, epsilon: 1e-3, rateFO: 2e-5, rateZO: 2e-6, queries: 1 },
      probes: { every: probes ? 10 : 0, draws: 16, secondsEach: probes ? 0.84 : null },
      events: [{ step: 0, kind: 'open', text: 'opened' }],
      pending: 0,
    };
    this.model = new FakeModel({ panel: this.state });
    this.model.kernel = (content) => this.#receive(content as PanelCommand);
    if (profiled) this.#split(0.6);
    for (let i = 0; i < rows; i++) this.#step();
    this.push();
  }

  /** A new state for the page. */
  push(): void {
    this.state.revision++;
    const { steps } = this.state;
    this.state.rewindable = steps > 0 ? { from: 0, to: steps - 1 } : null;
    this.model.attributes.panel = structuredClone(this.state);
    this.model.emit('change:panel');
  }

  event(kind: EventKind, text: string): void {
    this.state.events = [...this.state.events, { step: this.state.steps, kind, text }].slice(-200);
  }

  /** All rows from one on; long histories come thinned, and are counted as they were sent. */
  sendRows(from: number): void {
    if (from === 0) this.#held = [];
    this.#held = this.#held.filter((step) => step < from);
    const every = Math.ceil((this.rows.length - from) / 2000);
    const list = this.rows.slice(from).filter((row, i, all) => i % every === 0 || i === all.length - 1);
    const buffers = rowColumns.map((_, c) => Float64Array.from(list, (row) => row[c]!));
    this.model.message({ type: 'rows', from: this.#held.length, count: list.length }, buffers);
    this.#held.push(...list.map((row) => row[0]!));
  }

  sendProbes(from: number): void {
    const list = this.probes.slice(from);
    const buffers = probeColumns.map((_, c) => Float64Array.from(list, (row) => row[c]!));
    this.model.message({ type: 'probes', from, count: list.length }, buffers);
  }

  #split(rho: number): void {
    const { labels, ...budget } = solve(this.state, rho);
    const { tensors } = this.state;
    this.state.labels = labels;
    this.state.reasons = [...labels]
      .map((l, i) => (l === 'F' ? 'c' : tensors[i]!.importance! > 0 ? 'o' : 'n'))
      .join('');
    this.state.budget = { ...budget, toFO: [], toZO: [] };
    this.event('partition', `partition at rho ${rho}: ${budget.countFO} FO, ${budget.countZO} ZO`);
  }

  #step(): void {
    const { state } = this;
    const i = state.steps;
    const last = this.rows.at(-1);
    const noise = (k: number) => chance(13 * i + k) + chance(13 * i + k + 5) - 1;
    const level = 1.2 + 2.6 * Math.exp(-i / 90);
    const coefficient = 4 * level * noise(1);
    const sizeZO = state.budget?.sizeZO ?? 1e6;
    const seconds = (this.stepMs / 1000) * (1 + 0.1 * noise(3));
    const skipped = i % 97 === 60;
    this.rows.push([
      i,
      level + 0.3 * noise(2),
      skipped ? NaN : level + 0.3 * noise(2) + 1e-3 * coefficient,
      skipped ? NaN : coefficient,
      1.4 * level + 0.5 * noise(4),
      skipped ? NaN : Math.abs(coefficient) * Math.sqrt(sizeZO),
      (last?.[6] ?? 0) + 1 + state.settings.queries,
      (last?.[7] ?? 0) + 3.1e11,
      (last?.[8] ?? 0) + seconds,
      seconds,
      1.31e9 + 2e7 * noise(6),
      2.05e9 + 5e7 * noise(7),
    ]);
    state.steps = i + 1;
    state.secondsPerStep = this.stepMs / 1000;
    if (skipped) this.event('skip', 'update skipped: the perturbed loss is not finite');
    const { every, draws } = state.probes;
    if (every > 0 && state.steps % every === 0) {
      const law = 512 / draws;
      this.probes.push([state.steps, 0.05 + 0.02 * noise(8), 0.02, law * (1 + 0.2 * noise(9)), law, 0.84]);
      state.probes.secondsEach = 0.84;
    }
  }

  #loop(): void {
    if (this.state.run !== 'running' || this.#byHand) return;
    this.#timer = setTimeout(() => {
      this.endStep();
      this.#loop();
    }, this.stepMs);
  }

  /** The present step of a run ends, and the edits that wait for it land. */
  endStep(): void {
    const { state } = this;
    const [rows, probes] = [this.rows.length, this.probes.length];
    this.#step();
    this.#land();
    if (state.until !== null && state.steps >= state.until) {
      state.run = 'idle';
      state.until = null;
    }
    this.sendRows(rows);
    if (this.probes.length > probes) this.sendProbes(probes);
    this.push();
  }

  #land(): void {
    const edits = this.#edits;
    this.#edits = [];
    this.state.pending = 0;
    for (const edit of edits) edit();
  }

  #receive(command: PanelCommand): void {
    const ok = (more: object = {}, buffers: Uint8Array[] = []) =>
      this.model.message({ type: 'answer', id: command.id, ok: true, ...more }, buffers);
    if (this.failNext !== undefined && !['curves', 'plotly', 'preview'].includes(command.do)) {
      const message = this.failNext;
      this.failNext = undefined;
      setTimeout(() => this.model.message({ type: 'answer', id: command.id, ok: false, message }), 60);
      return;
    }
    if ('rho' in command && command.rho > this.reach) {
      const message = `rho ${command.rho} can buy 9 tensors whose importance was not measured.`;
      return void this.model.message({ type: 'answer', id: command.id, ok: false, message });
    }
    switch (command.do) {
      case 'curves':
        this.sendRows(0);
        this.sendProbes(0);
        return ok();
      case 'plotly':
        return void packedPlotly().then((packed) => ok({ plotly: 'gzip' }, [packed]));
      case 'preview': {
        const budget: BudgetAnswer = solve(this.state, command.rho);
        return void setTimeout(() => ok({ budget }), this.previewMs);
      }
      default:
        if (this.#control(command)) return ok();
        this.#when(() => {
          this.#edit(command);
          ok();
          // As in the kernel, the state comes a moment later.
          setTimeout(() => this.push(), 90);
        });
    }
  }

  /** Between two steps: at once, or at the end of the present one. */
  #when(work: () => void): void {
    if (this.state.run !== 'running') return work();
    this.#edits.push(work);
    this.state.pending = this.#edits.length;
    this.push();
  }

  /** Runs, pauses or stops, which waits for no step; false for an edit. */
  #control(command: PanelCommand): boolean {
    const { state } = this;
    if (command.do === 'run') {
      if (state.run === 'idle') state.until = command.steps === null ? null : state.steps + command.steps;
      const resumed = state.run !== 'running';
      state.run = 'running';
      if (resumed) this.#loop();
    } else if (command.do === 'pause') state.run = 'paused';
    else if (command.do === 'stop') {
      state.run = 'idle';
      state.until = null;
      this.event('stop', 'stopped');
    } else return false;
    if (state.run !== 'running') {
      clearTimeout(this.#timer);
      this.#land();
    }
    this.push();
    return true;
  }

  #edit(command: PanelCommand): void {
    const { state } = this;
    const label = (wanted: (i: number) => boolean, to: 'FO' | 'ZO') => {
      const set = (text: string, c: string) => [...text].map((old, i) => (wanted(i) ? c : old)).join('');
      state.labels = set(state.labels, to[0]!);
      state.reasons = set(state.reasons, 'h');
    };
    if (command.do === 'step') {
      this.#step();
      this.sendRows(this.rows.length - 1);
    } else if (command.do === 'partition') this.#split(command.rho);
    else if (command.do === 'label') {
      label((i) => command.tensors.includes(i), command.label);
      this.event(
        'edit',
        `${command.tensors.length === 1 ? '1 tensor' : `${command.tensors.length} tensors`} to ${command.label}`,
      );
    } else if (command.do === 'label-glob') {
      const pattern = new RegExp(`^(.*\\.)?${command.glob.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
      label((i) => pattern.test(state.tensors[i]!.name), command.label);
      this.event('edit', `${command.glob} to ${command.label}`);
    } else if (command.do === 'set') {
      state.settings = { ...state.settings, ...command.settings };
      this.event('settings', JSON.stringify(command.settings).replace(/["{}]/g, ''));
    } else if (command.do === 'probe') {
      state.probes = { ...state.probes, every: command.every, draws: command.draws };
    } else if (command.do === 'rewind') {
      this.rows.length = command.step;
      state.steps = command.step;
      this.event('rewind', `rewound to step ${command.step}`);
      this.sendRows(command.step);
    } else if (command.do === 'profile') {
      state.tensors = tensorsOf('smol');
      this.event('profile', 'profiled with 2 batches');
    }
  }
}

async function packedPlotly(): Promise<Uint8Array> {
  const script = await fetch('/plotly.min.js');
  const stream = script.body!.pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
