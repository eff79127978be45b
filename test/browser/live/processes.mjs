// Processes of this machine, as /proc tells of them.
import { readdirSync, readFileSync } from 'node:fs';

const read = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // it has ended meanwhile
  }
};

/** Parent and state of a process; undefined without one. */
function statOf(pid) {
  const [state, parent] =
    read(`/proc/${pid}/stat`)
      ?.replace(/^.*\) /s, '')
      .split(' ') ?? [];
  return state && { state, parent: Number(parent) };
}

export const alive = (pid) => (statOf(pid)?.state ?? 'Z') !== 'Z';

/** Children of a process, and theirs. */
export function descendants(pid) {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const children = all.filter((one) => statOf(one)?.parent === pid);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** Resident bytes of a process. */
export const residentBytes = (pid) =>
  1024 * Number(read(`/proc/${pid}/status`)?.match(/VmRSS:\s*(\d+)/)?.[1] ?? 0);
