import { defineConfig } from "vitest/config";
import { millraceDecorators } from "./packages/testing/src/vite.ts";

/** What no project looks into. */
const exclude = ["**/node_modules/**", "**/dist/**", "**/.next/**", "clients/**"];

/**
 * unit: pure, milliseconds. int: real Postgres, NATS, sockets, processes. browser: headless Chromium.
 * Files of `int` share one Postgres server, started by its global set-up, each with databases of its own.
 */
export default defineConfig({
  plugins: [millraceDecorators()],
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [...exclude, "**/*.int.test.ts", "**/*.browser.test.ts"],
          typecheck: { enabled: false },
        },
      },
      {
        extends: true,
        test: {
          name: "int",
          include: ["**/*.int.test.ts"],
          exclude,
          globalSetup: ["packages/db/src/testing-setup.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["**/*.browser.test.ts"],
          exclude,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
