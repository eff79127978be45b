import { ConfigError } from '../errors.ts';
import type { Parameter } from '../model/parameters.ts';
import { checkOptions, type Names } from '../options.ts';
import { selectionCost } from '../profile/cost.ts';
import type { Profile } from '../profile/importance.ts';
import { budgetOf, checkRho, type Budget } from './budget.ts';
import { reachExact } from './knapsack.ts';
import { unmeasured } from './reach.ts';
import { describeSelector, selectTrained, type Selector } from './select.ts';
import { solvers, type SolverName } from './solvers.ts';

/** How a tensor is trained. `frozen` is for baselines; Hi-ZFO itself freezes nothing. */
export type Label = 'FO' | 'ZO' | 'frozen';

/** Why a tensor has its label. */
export type Reason =
  | 'chosen' // in the optimum
  | 'over budget' // worth something, but the optimum leaves it out
  | 'no gain' // importance <= 0
  | 'out of reach' // alone, with the error signal carried to it, it costs more than the budget
  | 'by hand'
  | 'all' // the method labels every tensor alike
  | 'base'; // of the model under an adapter: only the adapter competes for FO

/** One tensor of a partition. */
export interface PartitionEntry {
  readonly parameter: Parameter;
  readonly label: Label;
  readonly reason: Reason;
}

/** What a partition adds up to. */
export interface PartitionSummary {
  /** Share of the full backward cost that is spent, by C(m); NaN for some FO tensors without a profile. */
  achieved: number;
  /** Share of the total positive importance that FO tensors hold. NaN without a profile of every tensor. */
  importanceKept: number;
  /** Values in FO and ZO tensors. */
  sizeFO: number;
  sizeZO: number;
  countFO: number;
  countZO: number;
  /** Input-most FO tensor, if any: everything from there up carries the error signal. */
  deepestFO: Parameter | undefined;
  /** ZO tensors above the deepest FO tensor. */
  interleaved: number;
}

/** How to choose the FO tensors. */
export interface PartitionOptions {
  /** Share of a full step's FLOPs, 0 to 1; defaults to 0.6. */
  rho?: number;
  /** `exact` (default) or GreenTrainer's own dynamic program. */
  solver?: SolverName;
  /** Label of what is not FO; defaults to `ZO`. */
  rest?: 'ZO' | 'frozen';
}

const names = { rho: true, solver: true, rest: true } satisfies Names<PartitionOptions>;

/** Fills in defaults and checks names and ranges; throws ConfigError. */
export function partitionSettings(options: PartitionOptions = {}): Required<PartitionOptions> {
  checkOptions('partition', options, names);
  const { rho = 0.6, solver = 'exact', rest = 'ZO' } = options;
  checkRho(rho);
  if (!Object.hasOwn(solvers, solver)) {
    throw new ConfigError(`solver is ${JSON.stringify(solver)}; take 'exact' or 'greentrainer'.`);
  }
  if (!['ZO', 'frozen'].includes(rest)) {
    throw new ConfigError(`rest is ${JSON.stringify(rest)}; take 'ZO' or 'frozen'.`);
  }
  return { rho, solver, rest };
}

/** A label for every tensor, with its cost and the reason for each. Immutable: edits give a new partition. */
export class Partition {
  private constructor(
    readonly entries: readonly PartitionEntry[],
    readonly profile: Profile | undefined,
    readonly budget: Budget | undefined,
    /** What was done to it since it was solved, in words. */
    readonly edits: readonly string[],
  ) {
    Object.freeze(entries);
    Object.freeze(this);
  }

  /**
   * Solves for the best FO set within the budget of `rho`. It is the same from a profile of every tensor and from one of what this
   * budget, or a larger one, can reach. Throws ConfigError when it reaches further than the profile.
   */
  static solve(profile: Profile, options: PartitionOptions = {}): Partition {
    const { rho, solver, rest } = partitionSettings(options);
    const budget = budgetOf(rho, profile.total);
    const unknown = unmeasured(profile, budget, solver).length;
    if (unknown > 0) {
      throw new ConfigError(
        `rho ${rho} can buy ${unknown} tensor${unknown > 1 ? 's' : ''} whose importance was not measured: the profile was made for ` +
          `rho ${profile.reach}. Profile again, with profile({ rho: ${rho} }) or with profile() for any rho. Nothing has changed.`,
      );
    }
    const { chosen } = solvers[solver].select(profile.entries, budget.cost);
    const affordable = reachExact(profile.entries, budget.cost);
    const entries = profile.entries.map(({ parameter, importance, reached }, i): PartitionEntry => {
      if (parameter.base) return underAdapter(parameter, rest);
      if (chosen[i]) return { parameter, label: 'FO', reason: 'chosen' };
      if (reached && !(importance > 0)) return { parameter, label: rest, reason: 'no gain' };
      return { parameter, label: rest, reason: affordable[i] ? 'over budget' : 'out of reach' };
    });
    return new Partition(entries, profile, budget, []);
  }

  /** One that was there before, as it was: what a saved run holds. */
  static restored(parts: Pick<Partition, 'entries' | 'profile' | 'budget' | 'edits'>): Partition {
    return new Partition(parts.entries, parts.profile, parts.budget, parts.edits);
  }

  /** Every tensor with one label, full fine-tuning (`FO`) or ZO only (`ZO`); with an adapter, every tensor of the adapter. */
  static uniform(parameters: readonly Parameter[], label: Label): Partition {
    return new Partition(
      parameters.map((p) => (p.base ? underAdapter(p) : { parameter: p, label, reason: 'all' })),
      undefined,
      undefined,
      [],
    );
  }

  /** FO for what `selector` means, `rest` (default ZO) for all others. */
  static of(parameters: readonly Parameter[], fo: Selector, rest: 'ZO' | 'frozen' = 'ZO'): Partition {
    const chosen = new Set(selectTrained(parameters, fo));
    return new Partition(
      parameters.map((parameter) => {
        if (chosen.has(parameter)) return { parameter, label: 'FO', reason: 'by hand' };
        return parameter.base ? underAdapter(parameter, rest) : { parameter, label: rest, reason: 'by hand' };
      }),
      undefined,
      undefined,
      [],
    );
  }

  /** The parameters with a label, in execution order. */
  with(label: Label): Parameter[] {
    return this.entries.filter((e) => e.label === label).map((e) => e.parameter);
  }

  labelOf(p: Parameter): Label {
    const entry = this.entries[p.index];
    if (entry?.parameter !== p) throw new ConfigError(`${p.name} is not a tensor of this partition.`);
    return entry.label;
  }

  /**
   * The same partition with other labels for what `selector` means; the frozen model under an adapter stays frozen. Throws
   * ConfigError when it means nothing, or nothing else.
   */
  relabel(selector: Selector, label: Label): Partition {
    if (!['FO', 'ZO', 'frozen'].includes(label)) {
      throw new ConfigError(`label is ${JSON.stringify(label)}; take 'FO', 'ZO' or 'frozen'.`);
    }
    const changed = new Set(
      selectTrained(
        this.entries.map((e) => e.parameter),
        selector,
      ),
    );
    const entries = this.entries.map((e): PartitionEntry => {
      return changed.has(e.parameter) && e.label !== label ? { ...e, label, reason: 'by hand' } : e;
    });
    const edit = `${label} <- ${describeSelector(selector)} (${changed.size})`;
    return new Partition(entries, this.profile, this.budget, [...this.edits, edit]);
  }

  summary(): PartitionSummary {
    const fo = this.with('FO');
    const zo = this.with('ZO');
    const size = (list: Parameter[]) => list.reduce((n, p) => n + p.size, 0);
    const { profile } = this;
    const on = (i: number) => this.entries[i]!.label === 'FO';
    let kept = NaN;
    if (profile && profile.reach === undefined) {
      const positive = (i: number) => Math.max(0, profile.entries[i]!.importance);
      const all = profile.entries.reduce((s, _, i) => s + positive(i), 0);
      kept = profile.entries.reduce((s, _, i) => s + (on(i) ? positive(i) : 0), 0) / all;
    }
    return {
      achieved: profile
        ? selectionCost(profile.entries, on) / profile.total.backward
        : fo.length === this.entries.length
          ? 1
          : fo.length
            ? NaN
            : 0,
      importanceKept: kept,
      sizeFO: size(fo),
      sizeZO: size(zo),
      countFO: fo.length,
      countZO: zo.length,
      deepestFO: fo[0],
      interleaved: fo[0] ? zo.filter((p) => p.index > fo[0]!.index).length : 0,
    };
  }

  /** In one line: `12 FO and 30 ZO tensors (512 and 1024 values), rho 0.6`, with frozen ones and edits where there are any. */
  toString(): string {
    const { countFO, countZO, sizeFO, sizeZO } = this.summary();
    const frozen = this.with('frozen').length;
    return (
      `${countFO} FO and ${countZO} ZO tensors (${sizeFO} and ${sizeZO} values)` +
      (frozen > 0 ? `, ${frozen} frozen` : '') +
      (this.budget ? `, rho ${this.budget.rho}` : '') +
      (this.edits.length > 0 ? `; by hand: ${this.edits.join('; ')}` : '')
    );
  }
}

/** The label of a tensor of the model under an adapter, where nobody gave it another. */
function underAdapter(parameter: Parameter, rest: Label = 'ZO'): PartitionEntry {
  return { parameter, label: rest === 'frozen' ? rest : parameter.base!, reason: 'base' };
}
