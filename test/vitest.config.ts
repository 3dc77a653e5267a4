import { defineConfig } from "vitest/config";

// What is tested is the built program, loaded by Node itself.
export default defineConfig({
  cacheDir: "../node_modules/.vite",
  test: {
    root: import.meta.dirname,
    include: ["**/*.test.ts"],
    exclude: ["slow/**"],
    globalSetup: "fixtures/make-mini-mnist.ts",
    isolate: false, // a process for all files of a worker: no test leaves anything behind
    server: { deps: { external: [/\/dist\//] } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
