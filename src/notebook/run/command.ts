/** Command of the hi-zfo kernel whose bundle stands at `main`; `{connection_file}` is for whoever starts it. */
export function kernelCommand(main: string, node = process.execPath): string[] {
  return [node, '--disable-warning=ExperimentalWarning', main, '--connection-file', '{connection_file}'];
}
