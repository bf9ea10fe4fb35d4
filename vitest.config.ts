import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { millraceDecorators } from "./packages/testing/src/vite.ts";

/** What no project looks into. */
const exclude = ["**/node_modules/**", "**/dist/**", "**/.next/**", "clients/**"];

/**
 * Files at a time. Those of `int` wait more than they compute, for processes, leases and timeouts, and those of `browser`
 * even more: more than there are cores.
 */
const cores = availableParallelism();
const intWorkers = Math.max(4, cores);
const browserWorkers = Math.max(3, cores);

/** How long a test looks until what it polls for holds: a busy machine is slow, not wrong. */
const poll = { timeout: 20_000, interval: 20 };

/** Whole systems first: a long file that comes last leaves cores idle. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      /\/tests\/(system|conformance)\/|\/sdk\/src\/worker\//.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

/**
 * unit: pure, milliseconds. int: real Postgres, NATS, sockets, processes. browser: headless Chromium.
 * Files of `int` share one Postgres server, started by its global set-up, each with databases of its own.
 */
export default defineConfig({
  plugins: [millraceDecorators()],
  test: {
    sequence: { sequencer: LongFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [...exclude, "**/*.int.test.ts", "**/*.browser.test.ts"],
          typecheck: { enabled: false },
          testTimeout: 20_000,
          maxWorkers: cores,
          // Pure modules have no state that a neighbour could leave behind.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "int",
          include: ["**/*.int.test.ts"],
          exclude,
          globalSetup: ["packages/db/src/testing-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 90_000,
          maxWorkers: intWorkers,
          // Loading the product anew for each file takes a tenth of the time. Files share no state: what they start, they end.
          isolate: false,
          sequence: { groupOrder: 1 },
          expect: { poll },
        },
      },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["**/*.browser.test.ts"],
          exclude,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          globalSetup: ["apps/console/tests/build.ts"],
          maxWorkers: browserWorkers,
          sequence: { groupOrder: 2 },
          expect: { poll },
        },
      },
    ],
  },
});
