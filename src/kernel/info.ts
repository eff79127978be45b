import { version } from '../package-root.ts';
import { ts } from './tslab.ts';

/** Content of a kernel_info_reply. */
export function kernelInfo(): object {
  return {
    status: 'ok',
    protocol_version: '5.3',
    implementation: 'hi-zfo',
    implementation_version: version(),
    language_info: {
      name: 'typescript',
      version: ts.version,
      mimetype: 'text/typescript',
      file_extension: '.ts',
      pygments_lexer: 'typescript',
      codemirror_mode: 'typescript',
      nbconvert_exporter: 'script',
    },
    banner: `TypeScript ${ts.version} on Node ${process.versions.node}, with hi-zfo`,
    help_links: [],
    debugger: false,
  };
}
