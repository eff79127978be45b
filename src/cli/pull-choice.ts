import picomatch from 'picomatch';
import { ConfigError, HiZfoError } from '../errors.ts';
import type { RemoteFile } from './pull-hub.ts';

/** Where a task's data set is, and the files of it that the task reads. */
export interface DataSource {
  readonly repository: string;
  readonly revision: string;
  /** Folder of the repository that holds them, with a slash at its end. */
  readonly folder: string;
  /** Globs below that folder. */
  readonly files: readonly string[];
}

const dataSource = (repository: string, folder: string, glob: string, revision = 'main'): DataSource => ({
  repository,
  revision,
  folder,
  files: [folder + glob],
});

/** Data sets of the paper's tasks by the tasks' names. */
export const dataSources: Readonly<Record<string, DataSource>> = {
  gsm8k: dataSource('openai/gsm8k', 'main/', '*.parquet'),
  humaneval: dataSource('openai/openai_humaneval', 'openai_humaneval/', '*.parquet'),
  dialogsum: dataSource('knkarthick/dialogsum', '', '*.csv'),
  // a script makes this one; the hub keeps its output on a branch of its own
  scitldr: dataSource('allenai/scitldr', 'Abstract/', '**/*.parquet', 'refs/convert/parquet'),
  webquestions: dataSource('stanfordnlp/web_questions', 'data/', '*.parquet'),
  math500: dataSource('HuggingFaceH4/MATH-500', '', 'test.jsonl'),
};

/** Name of a task's data file on this machine: one folder holds them all, the split in each name (train-0000.parquet). */
export function dataName(source: DataSource, path: string): string {
  return path.slice(path.startsWith(source.folder) ? source.folder.length : 0).replaceAll('/', '-');
}

/** Small files of a model that are always wanted. */
export const modelFiles: readonly string[] = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'LICENSE*',
];
/** Weights of a model in the order of preference. */
const weightFiles = [['model.safetensors'], ['model-*-of-*.safetensors', 'model.safetensors.index.json']];

/** The files that a model needs: its small files and its safetensors, or else its one .gguf file. */
export function chooseModel(files: readonly RemoteFile[], name: string): RemoteFile[] {
  const small = matching(files, modelFiles);
  for (const globs of weightFiles) {
    const weights = matching(files, globs);
    if (weights.length > 0) return [...small, ...weights];
  }
  const gguf = matching(files, ['*.gguf']);
  if (gguf.length === 1) return gguf; // it holds all that the small files would say
  if (gguf.length > 1) {
    throw new ConfigError(
      `${name} holds ${gguf.length} .gguf files: ${names(gguf)}. Choose one with --include, such as --include '${gguf[0]!.path}'.`,
    );
  }
  throw new HiZfoError(
    `${name} holds no safetensors and no .gguf file at its top: ${names(files)}. Take a repository that does, or convert it.`,
  );
}

/** The files that match any of the globs, in the repository's order. Throws ConfigError when none does. */
export function chooseByGlob(
  files: readonly RemoteFile[],
  globs: readonly string[],
  name: string,
): RemoteFile[] {
  const chosen = matching(files, globs);
  if (chosen.length > 0) return chosen;
  throw new ConfigError(`No file of ${name} matches ${globs.join(' or ')}. It holds ${names(files)}.`);
}

function matching(files: readonly RemoteFile[], globs: readonly string[]): RemoteFile[] {
  const match = picomatch([...globs]);
  return files.filter((f) => match(f.path));
}

function names(files: readonly RemoteFile[]): string {
  const some = files.slice(0, 8).map((f) => f.path);
  return some.join(', ') + (files.length > some.length ? `, and ${files.length - some.length} more` : '');
}
