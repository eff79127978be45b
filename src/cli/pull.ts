import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigError } from '../errors.ts';
import { chooseByGlob, chooseModel, dataName, dataSources, modelFiles } from './pull-choice.ts';
import { pullFile } from './pull-file.ts';
import {
  hubOf,
  listRepository,
  pageOf,
  Unreachable,
  type Hub,
  type RemoteFile,
  type Repository,
} from './pull-hub.ts';
import { megabytes, PullProgress } from './pull-progress.ts';

const help = `hi-zfo pull model|data NAME: download from the Hugging Face hub, and go on where an earlier pull stopped

  hi-zfo pull model HuggingFaceTB/SmolLM2-135M    config, tokenizer and safetensors, or the one .gguf file
  hi-zfo pull data gsm8k                          one of ${Object.keys(dataSources).join(', ')}, or OWNER/NAME

  --to DIR         folder to write to; default: the last part of NAME, for a task's data data/NAME
  --revision R     branch, tag or commit; default: main
  --include GLOB   only files that match; may be given again
  --timeout S      seconds without a byte after which to give up (default 30)

HF_ENDPOINT names another hub, HF_TOKEN is sent to it.`;

interface Wanted {
  repo: Repository;
  include: readonly string[];
  to: string;
  /** Where a file of the repository goes, below `to`. */
  place: (path: string) => string;
}

/** `hi-zfo pull`: a model or a task's data from the hub. */
export const pullCommand = {
  summary: 'download a model or a data set from the Hugging Face hub',
  help,
  async run(args: string[]): Promise<void> {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        to: { type: 'string' },
        revision: { type: 'string' },
        include: { type: 'string', multiple: true },
        timeout: { type: 'string', default: '30' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      console.log(help);
      return;
    }
    const [kind, name, ...more] = positionals;
    if ((kind !== 'model' && kind !== 'data') || name === undefined || more.length > 0) {
      throw new ConfigError(`Say what to pull: hi-zfo pull model OWNER/NAME, or hi-zfo pull data NAME.`);
    }
    const patience = Number(values.timeout);
    if (!(patience > 0)) throw new ConfigError(`--timeout is ${values.timeout}; give a number of seconds.`);
    const hub = hubOf(process.env, patience);
    const wanted = wantedOf(kind, name, values);
    try {
      await pull(hub, wanted);
    } catch (error) {
      if (error instanceof Unreachable)
        throw new Unreachable(`${error.message} ${byHand(hub, wanted)}`, { cause: error });
      throw error;
    }
  },
};

function wantedOf(
  kind: 'model' | 'data',
  name: string,
  { to, revision, include = [] }: { to?: string; revision?: string; include?: string[] },
): Wanted {
  const source = kind === 'data' && Object.hasOwn(dataSources, name) ? dataSources[name] : undefined;
  const repository = source?.repository ?? name;
  if (kind === 'data' && !source && !name.includes('/')) {
    throw new ConfigError(
      `There is no data set ${name}. Take ${Object.keys(dataSources).join(', ')}, or a repository as OWNER/NAME.`,
    );
  }
  if (!/^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/.test(repository)) {
    throw new ConfigError(`${name} is no name on the hub. Give OWNER/NAME.`);
  }
  if (revision !== undefined && !/^[\w-][\w./-]*$/.test(revision)) {
    throw new ConfigError(`--revision is ${revision}; give a branch, a tag or a commit.`);
  }
  return {
    repo: {
      type: kind === 'model' ? 'model' : 'dataset',
      name: repository,
      revision: revision ?? source?.revision ?? 'main',
    },
    include: include.length > 0 ? include : (source?.files ?? []),
    to: resolve(to ?? (source ? join('data', name) : basename(name))),
    place: (path) => (source ? dataName(source, path) : path),
  };
}

async function pull(hub: Hub, { repo, include, to, place }: Wanted): Promise<void> {
  const all = await listRepository(hub, repo);
  const files = choose(all, repo, include);
  const total = files.reduce((n, f) => n + f.size, 0);
  console.log(`${repo.name}: ${files.length} files, ${megabytes(total)} MB, to ${to}`);
  const progress = new PullProgress(total);
  try {
    for (const file of files) {
      await pullFile(hub, repo, file, join(to, place(file.path)), (bytes) =>
        progress.update(file.path, bytes),
      );
      progress.update(file.path, file.size);
    }
  } finally {
    progress.end();
  }
  if (repo.type === 'model') {
    const gguf = files.find((f) => f.path.endsWith('.gguf'));
    console.log(`Open it with { model: '${gguf ? join(to, gguf.path) : to}' }.`);
  } else console.log(`Files: ${files.map((f) => join(to, place(f.path))).join(', ')}`);
}

function choose(all: RemoteFile[], repo: Repository, include: readonly string[]): RemoteFile[] {
  if (include.length > 0) return chooseByGlob(all, include, repo.name);
  return repo.type === 'model' ? chooseModel(all, repo.name) : chooseByGlob(all, ['**'], repo.name);
}

/** What to do on a machine without the hub. */
function byHand(hub: Hub, { repo, include, to }: Wanted): string {
  const model = [
    ...modelFiles.filter((f) => !f.includes('*')),
    'model.safetensors (or all shards and their index)',
  ];
  const files = include.length > 0 ? include : repo.type === 'model' ? model : ['all files'];
  const revision = repo.revision === 'main' ? '' : ` at revision ${repo.revision}`;
  const split = repo.type === 'dataset' ? ', each named by its split (train, test)' : '';
  return `Without it, fetch these on another machine from ${pageOf(hub, repo)}${revision} and put them into ${to}${split}: ${files.join(', ')}.`;
}
