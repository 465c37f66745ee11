// The test projects: `unit` is what `npm test` runs; `sweep` (kills) and `big` (sizes) run nightly (CONTRACTS 14).
import { defineConfig } from 'vitest/config'

const common = { pool: 'forks', testTimeout: 60_000, hookTimeout: 120_000 } as const
const nightly = ['test/sweep/**', 'test/big/**']

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...nightly],
        },
      },
      { test: { ...common, name: 'sweep', include: ['test/sweep/**/*.test.ts'], testTimeout: 3_600_000 } },
      { test: { ...common, name: 'big', include: ['test/big/**/*.test.ts'], testTimeout: 3_600_000 } },
    ],
    coverage: {
      provider: 'v8',
      include: ['packages/core/src/**/*.ts'],
      exclude: ['**/*.test.ts', 'packages/core/src/index.ts'],
      thresholds: { branches: 100 },
      reporter: ['text'],
    },
  },
})
