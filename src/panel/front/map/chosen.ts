import { count } from '../../../plot/words.ts';
import { matching } from './glob.ts';

/** Which tensors are meant: those that are selected, or else those that the search finds. */
export class Chosen {
  #glob = '';
  #matches = new Set<number>();
  #selected = new Set<number>();

  get glob(): string {
    return this.#glob;
  }

  get selected(): ReadonlySet<number> {
    return this.#selected;
  }

  /** What a label would go to. */
  get meant(): number[] {
    return [...(this.#selected.size > 0 ? this.#selected : this.#matches)].sort((a, b) => a - b);
  }

  /** Whether a search is on and does not mean a tensor. */
  leavesOut(tensor: number): boolean {
    return this.#glob !== '' && !this.#matches.has(tensor);
  }

  search(glob: string, names: readonly string[]): void {
    this.#glob = glob;
    this.#matches = new Set(matching(names, glob));
  }

  /** The tensors are others now. */
  renamed(names: readonly string[]): void {
    this.search(this.#glob, names);
    this.#selected = new Set([...this.#selected].filter((i) => i < names.length));
  }

  select(tensors: readonly number[], more = false): void {
    this.#selected = new Set(more ? [...this.#selected, ...tensors] : tensors);
  }

  /** Selects a tensor, or lets it go. */
  flip(tensor: number): void {
    if (!this.#selected.delete(tensor)) this.#selected.add(tensor);
  }

  clear(): void {
    this.#selected.clear();
    this.search('', []);
  }

  words(all: number): string {
    if (this.#selected.size > 0) return `${this.#selected.size} selected`;
    if (this.#glob === '') return count(all, 'tensor');
    return this.#matches.size === 1 ? '1 matches' : `${this.#matches.size || 'none'} match`;
  }
}
