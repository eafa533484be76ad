// Why this exists: the system suites drive real programs (git over ssh, Prometheus, a browser) and
// may need minutes; they run one after another, by `npm run test:system` and in CI.
import {defineConfig} from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/system/**/*.test.ts'],
    testTimeout: 480_000,
    hookTimeout: 480_000,
    pool: 'forks',
    fileParallelism: false,
  },
});
