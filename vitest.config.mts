import { defineConfig } from 'vitest/config';

const root = new URL('.', import.meta.url).pathname;

export default defineConfig({
  resolve: {
    alias: [
      { find: /^stowage$/, replacement: `${root}src/index.ts` },
      { find: /^stowage\/pulumi$/, replacement: `${root}components/pulumi/index.ts` },
      { find: /^stowage\/cdk8s$/, replacement: `${root}components/cdk8s/index.ts` },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/repeatable.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // The sources require their heavy parts lazily: plain Node must find .ts there.
    execArgv: ['--require', 'tsx/cjs'],
    maxWorkers: 2,
  },
});
