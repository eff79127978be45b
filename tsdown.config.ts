import { defineConfig, type UserConfig } from 'tsdown';

const common: UserConfig = {
  platform: 'node',
  target: 'node20.19',
  // Other parts of the build put their files into dist too.
  clean: false,
  shims: true,
  logLevel: 'error',
  checks: { pluginTimings: false },
  report: false,
};

export default defineConfig([
  {
    ...common,
    entry: { index: 'src/index.ts' },
    format: ['esm', 'cjs'],
    dts: { sourcemap: false },
    // One file: with chunks beside it, index.cjs would have to export the bundler's own helpers to them.
    outputOptions: { codeSplitting: false },
  },
  {
    ...common,
    entry: { cli: 'src/cli/main.ts', headless: 'src/notebook/export/headless.ts' },
    format: ['esm'],
    dts: false,
  },
]);
