/**
 * Ends the child processes that cells have left running. Jupyter starts a kernel as the leader of a process group, whose
 * number is the kernel's own; where it is not, there is no such group and nothing happens.
 */
export function endChildren(): void {
  const survive = (): void => undefined;
  process.on('SIGTERM', survive);
  try {
    process.kill(-process.pid, 'SIGTERM');
  } catch {
    // ESRCH: not the leader of a group; or Windows, which has none.
  }
}
