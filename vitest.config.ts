// Why this exists: one place that says which suites `npm test` runs and what coverage must hold.
import {defineConfig} from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/system/**', 'node_modules/**', 'dist/**'],
    // Only what hangs is ended by these: a slow machine is no mistake of the program.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    pool: 'forks',
    setupFiles: ['test/fixtures/same-draws.ts'],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.test.ts', 'src/**/*.generated.ts'],
      reporter: ['text-summary', 'json-summary'],
      // A failing test must not hide how much the others cover: the floors are judged all the same.
      reportOnFailure: true,
    },
  },
});
