import { defineConfig } from "vitest/config";

// What would make `npm test` last longer than a minute: `npm run test:slow`.
export default defineConfig({
  cacheDir: "../../node_modules/.vite-slow",
  test: {
    root: import.meta.dirname,
    include: ["*.test.ts"],
    globalSetup: "../fixtures/make-mini-mnist.ts",
    server: { deps: { external: [/\/dist\//] } },
    testTimeout: 300_000,
    maxWorkers: 2,
    maxConcurrency: 2,
  },
});
