import type { Example, Scores } from '../task.ts';
import { references, rightOrWrong } from './references.ts';

/*
 * MATH's answers: which part of a solution is the answer, and when two answers are the same. The rules are those of
 * hendrycks/math, modeling/math_equivalence.py, and of lm-evaluation-harness, lm_eval/tasks/hendrycks_math/utils.py.
 */

/** Thrown where the rules do not apply; two answers are then compared as they stand. */
class NoRule extends Error {}

/** What stands in the last `\boxed{...}` (or `\boxed x`, `\fbox{...}`) of a solution; undefined when there is none. */
export function boxed(text: string): string | undefined {
  if (text.includes('\\boxed ')) return text.split('\\boxed ').at(-1)!.split('$')[0]!;
  const at = text.lastIndexOf('\\boxed{');
  const box = at >= 0 ? at : text.lastIndexOf('\\fbox{');
  if (box < 0) return undefined;
  const start = text.indexOf('{', box);
  let open = 0;
  for (let i = start; i < text.length; i++) {
    if (text[i] === '{') open++;
    if (text[i] === '}' && --open === 0) return text.slice(start + 1, i);
  }
  return undefined;
}

/** The answer in a text: what is boxed, else the first `\[...\]`, else what lies between the first and the last `$`, else all of it. */
export function mathAnswer(text: string): string {
  const inBox = boxed(text);
  if (inBox !== undefined) return inBox;
  const displayed = /\\\[(.+?)\\\]/s.exec(text)?.[1];
  if (displayed !== undefined) return displayed.trim();
  const [first, last] = [text.indexOf('$'), text.lastIndexOf('$')];
  return last > first ? text.slice(first + 1, last) : text;
}

/** `\frac12`, `\frac1{72}` -> `\frac{1}{2}`, `\frac{1}{72}`. */
function bracedFractions(text: string): string {
  const [head, ...parts] = text.split('\\frac');
  let out = head!;
  for (const part of parts) {
    if (part === '') throw new NoRule();
    out += '\\frac';
    if (part.startsWith('{')) out += part;
    else if (part.length < 2) return text;
    else out += `{${part[0]!}}` + (part[1] === '{' ? part.slice(1) : `{${part[1]!}}${part.slice(2)}`);
  }
  return out;
}

/** `\sqrt3` -> `\sqrt{3}`. */
function bracedRoots(text: string): string {
  const [head, ...parts] = text.split('\\sqrt');
  return parts.reduce((out, part) => {
    if (part === '') throw new NoRule();
    return out + '\\sqrt' + (part.startsWith('{') ? part : `{${part[0]!}}${part.slice(1)}`);
  }, head!);
}

/** Units are what follows `\text{ `; there must be one. */
function withoutUnits(text: string): string {
  const parts = text.split('\\text{ ');
  if (parts.length > 2) throw new NoRule();
  return parts[0]!;
}

/** `3/4` -> `\frac{3}{4}`, of whole numbers only. */
function slashFraction(text: string): string {
  const whole = '(0|-?[1-9][0-9]*)';
  return text.replace(new RegExp(`^${whole}/${whole}$`), '\\frac{$1}{$2}');
}

function normalized(answer: string): string {
  let text = answer
    .replaceAll('\n', '')
    .replaceAll('\\!', '')
    .replaceAll('\\\\', '\\')
    .replaceAll(/tfrac|dfrac/g, 'frac')
    .replaceAll(/\\left|\\right/g, '')
    .replaceAll(/\^\{\\circ\}|\^\\circ/g, '')
    .replaceAll('\\$', '');
  text = withoutUnits(text).replaceAll('\\%', '').replaceAll('%', '');
  text = text.replaceAll(' .', ' 0.').replaceAll('{.', '{0.');
  if (text === '') return text;
  if (text.startsWith('.')) text = `0${text}`;
  // "k = 3" -> "3"
  const sides = text.split('=');
  if (sides.length === 2 && sides[0]!.length <= 2) text = sides[1]!;
  text = bracedFractions(bracedRoots(text).replaceAll(' ', ''));
  return slashFraction(text === '0.5' ? '\\frac{1}{2}' : text);
}

/** Whether two answers are the same by MATH's rules. */
export function sameMath(a: string, b: string): boolean {
  try {
    return normalized(a) === normalized(b);
  } catch (error) {
    if (error instanceof NoRule) return a === b;
    throw error;
  }
}

/** Share of outputs whose answer is that of a reference by MATH's rules; `meta.answer` is the reference where it is there. */
export function mathScores(outputs: readonly string[], examples: readonly Example[]): Scores {
  const right = outputs.map((output, i) => {
    const all = references(examples, i);
    const answer = examples[i]!.meta?.answer;
    const gold = typeof answer === 'string' ? [answer] : all.map(mathAnswer);
    const given = mathAnswer(output);
    return gold.some((g) => sameMath(given, g));
  });
  return rightOrWrong('exactMatch', right);
}
