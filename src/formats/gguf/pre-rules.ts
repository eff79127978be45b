/** How a byte-level tokenizer cuts text before it merges. */
export interface PreRule {
  /** Regular expressions that split one after the other, each match and each rest a piece. */
  readonly splits: readonly string[];
  /** A piece that is a token already is not merged anew. */
  readonly ignoreMerges?: boolean;
  /** A text begins with the first token unless the file says otherwise. */
  readonly addBos?: boolean;
}

const gpt2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
/** cl100k's expression, with digits in runs of up to `digits`. */
const cl100k = (digits: string) =>
  String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

/**
 * Rules by the names that files have in `tokenizer.ggml.pre`.
 * Source: ggml-org/llama.cpp, src/llama-vocab.cpp (the cases of llm_tokenizer_bpe and the names in llama_vocab::impl::load).
 */
const groups: [PreRule, string[]][] = [
  [{ splits: [gpt2] }, ['gpt-2', 'phi-2', 'mpt', 'olmo', 'jais', 'exaone4', 'trillion', 'granite-docling']],
  [
    { splits: [String.raw`\p{N}`, gpt2] },
    ['smollm', 'starcoder', 'refact', 'command-r', 'codeshell', 'exaone'],
  ],
  [
    { splits: [cl100k('{1,3}')], ignoreMerges: true, addBos: true },
    ['llama-bpe', 'llama3', 'llama-v3', 'falcon3', 'falcon-h1', 'pixtral', 'midm-2.0', 'lfm2'],
  ],
  [{ splits: [cl100k('{1,3}')] }, ['dbrx', 'smaug-bpe']],
  [{ splits: [cl100k('')] }, ['qwen2', 'stablelm2', 'deepseek-r1-qwen', 'hunyuan', 'megrez']],
  [
    {
      splits: [String.raw`[\p{P}\$\+<=>\^~\|]+`, gpt2, String.raw`\p{N}+`, '[0-9][0-9][0-9]'],
    },
    ['default'],
  ],
];

const rules = new Map(groups.flatMap(([rule, names]) => names.map((name) => [name, rule] as const)));

/** The rule of a name, or the default with a sentence that says so. */
export function preRule(name: string | undefined, path: string): { rule: PreRule; warning?: string } {
  const rule = name === undefined ? undefined : rules.get(name);
  if (rule) return { rule };
  const what =
    name === undefined ? 'names no rule' : `names the rule ${JSON.stringify(name)}, which is not known`;
  return {
    rule: rules.get('default')!,
    warning: `${path} ${what} for cutting text before tokenising (tokenizer.ggml.pre); llama.cpp's default rule is used, so ids may differ from the model's own.`,
  };
}
