/**
 * Porter's stemmer with NLTK's extensions, as rouge_score uses it. (npm's Porter stemmers follow the original rules and
 * differ from it, e.g. in `dies`, `enjoy`, `using`.) Source: nltk/stem/porter.py, mode NLTK_EXTENSIONS.
 */

const irregular = new Map(
  Object.entries({
    sky: 'sky',
    skies: 'sky',
    dying: 'die',
    lying: 'lie',
    tying: 'tie',
    news: 'news',
    innings: 'inning',
    inning: 'inning',
    outings: 'outing',
    outing: 'outing',
    cannings: 'canning',
    canning: 'canning',
    howe: 'howe',
    proceed: 'proceed',
    exceed: 'exceed',
    succeed: 'succeed',
  }),
);

function isConsonant(word: string, i: number): boolean {
  if ('aeiou'.includes(word[i]!)) return false;
  return word[i] !== 'y' || i === 0 || !isConsonant(word, i - 1);
}

/** Porter's measure m: the number of vowel-consonant transitions. */
function measure(stem: string): number {
  let m = 0;
  for (let i = 1; i < stem.length; i++) if (isConsonant(stem, i) && !isConsonant(stem, i - 1)) m++;
  return m;
}

const hasVowel = (stem: string): boolean => [...stem].some((_, i) => !isConsonant(stem, i));

const endsDouble = (word: string): boolean =>
  word.length >= 2 && word.at(-1) === word.at(-2) && isConsonant(word, word.length - 1);

/** *o: ends consonant, vowel, consonant other than w, x, y; NLTK adds two-letter vowel, consonant. */
function endsCvc(word: string): boolean {
  const n = word.length;
  if (n === 2) return !isConsonant(word, 0) && isConsonant(word, 1);
  const cvc = n >= 3 && isConsonant(word, n - 3) && !isConsonant(word, n - 2) && isConsonant(word, n - 1);
  return cvc && !'wxy'.includes(word[n - 1]!);
}

type Rule = [suffix: string, replacement: string, condition?: (stem: string) => boolean];

/** The first rule whose suffix fits decides, also when its condition then fails. */
function applyFirst(word: string, rules: readonly Rule[], fallback?: (stem: string) => boolean): string {
  for (const [suffix, replacement, condition = fallback] of rules) {
    if (!word.endsWith(suffix)) continue;
    const stem = word.slice(0, word.length - suffix.length);
    return !condition || condition(stem) ? stem + replacement : word;
  }
  return word;
}

function step1a(word: string): string {
  if (word.length === 4 && word.endsWith('ies')) return word.slice(0, -1);
  return applyFirst(word, [
    ['sses', 'ss'],
    ['ies', 'i'],
    ['ss', 'ss'],
    ['s', ''],
  ]);
}

function step1b(word: string): string {
  if (word.endsWith('ied')) return word.slice(0, word.length === 4 ? -1 : -2);
  if (word.endsWith('eed')) return measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word;
  const suffix = ['ed', 'ing'].find((s) => word.endsWith(s) && hasVowel(word.slice(0, -s.length)));
  if (!suffix) return word;
  const stem = word.slice(0, -suffix.length);
  for (const end of ['at', 'bl', 'iz']) if (stem.endsWith(end)) return `${stem}e`;
  if (endsDouble(stem)) return 'lsz'.includes(stem.at(-1)!) ? stem : stem.slice(0, -1);
  return measure(stem) === 1 && endsCvc(stem) ? `${stem}e` : stem;
}

const step1c = (word: string): string =>
  applyFirst(word, [['y', 'i', (stem) => stem.length > 1 && isConsonant(stem, stem.length - 1)]]);

const step2Rules: Rule[] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['izer', 'ize'],
  ['bli', 'ble'],
  ['alli', 'al'],
  ['entli', 'ent'],
  ['eli', 'e'],
  ['ousli', 'ous'],
  ['ization', 'ize'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['iveness', 'ive'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['aliti', 'al'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['fulli', 'ful'],
  ['logi', 'log', (stem) => measure(`${stem}l`) > 0],
];

function step2(word: string): string {
  if (word.endsWith('alli') && measure(word.slice(0, -4)) > 0) return step2(word.slice(0, -2));
  return applyFirst(word, step2Rules, (stem) => measure(stem) > 0);
}

const step3Rules: Rule[] = [
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
];

const step4Rules: Rule[] = [
  ...'al ance ence er ic able ible ant ement ment ent'.split(' ').map((s): Rule => [s, '']),
  ['ion', '', (stem) => measure(stem) > 1 && 'st'.includes(stem.at(-1)!)],
  ...'ou ism ate iti ous ive ize'.split(' ').map((s): Rule => [s, '']),
];

function step5(word: string): string {
  if (word.endsWith('e')) {
    const stem = word.slice(0, -1);
    const m = measure(stem);
    if (m > 1 || (m === 1 && !endsCvc(stem))) word = stem;
  }
  return word.endsWith('ll') && measure(word.slice(0, -1)) > 1 ? word.slice(0, -1) : word;
}

/** The stem of a lower-case word of [a-z0-9]. */
export function stem(word: string): string {
  const known = irregular.get(word);
  if (known !== undefined) return known;
  if (word.length <= 2) return word;
  const first = step1c(step1b(step1a(word)));
  const third = applyFirst(step2(first), step3Rules, (s) => measure(s) > 0);
  return step5(applyFirst(third, step4Rules, (s) => measure(s) > 1));
}
