import { defineConfig } from "vitest/config";

// What is tested is the built program, loaded by Node itself.
export default defineConfig({
  cacheDir: "../node_modules/.vite",
  test: {
    root: import.meta.dirname,
    include: ["**/*.test.ts"],
    exclude: ["slow/**"],
    server: { deps: { external: [/\/dist\//] } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
