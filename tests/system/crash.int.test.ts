/** kill -9 of any part in the middle of a run: the run finishes, and every task has exactly one accepted outcome. */
import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tryLimitMs } from "./api.ts";
import { newStateDir, readEndpoint, startUp, type Millrace } from "./millrace.ts";
import { processesWith, startMillrace } from "./process.ts";
import {
  expectOneOutcomeEach,
  killers,
  letOn,
  postgresOf,
  thousandDags as dags,
  timed,
  triggerThousand,
  untilMiddle,
  untilMoving,
} from "./thousand.ts";
import { waitFor } from "./wait.ts";

const testLimitMs = 240_000;
/** How long bodies take that are to be caught running. */
const slowMillis = 200;

let stateDir: string;
let millrace: Millrace;

beforeEach(async () => {
  stateDir = newStateDir();
  millrace = await startUp({ dags, stateDir });
});
afterEach(async () => {
  await millrace[Symbol.asyncDispose]();
  rmSync(stateDir, { recursive: true, force: true });
}, testLimitMs);

async function killServer(): Promise<void> {
  killers.server(millrace);
  await millrace.process.ended;
}

describe("kill -9 in the middle of a run of 1,000 tasks", { timeout: testLimitMs }, () => {
  test("of the worker: its attempts are granted again at once, since it is dead for certain", async () => {
    const thousand = await triggerThousand(millrace, { isHeld: true });
    await untilMiddle(thousand);
    killers.worker(millrace);
    await timed("worker killed, until tasks run again", untilMoving(thousand));
    await expectOneOutcomeEach(millrace, thousand);
  });

  test("of a worker elsewhere: its attempts are granted again once its session is over", async () => {
    const { grpc } = readEndpoint(stateDir);
    const args = ["--server", grpc, "--state-dir", stateDir, "--name", "elsewhere"];
    const other = startMillrace(["worker", ...args]);
    await waitFor("its session", () => other.output().includes("session.opened"));
    const thousand = await triggerThousand(millrace, { millis: slowMillis, isHeld: true });
    await waitFor("it to work", async () => {
      const { workers } = await millrace.api.system.listWorkers({});
      return workers.some((it) => it.name === "elsewhere" && it.running > 0);
    });
    await other.end("SIGKILL");
    letOn(thousand);
    await expectOneOutcomeEach(millrace, thousand);
  });

  test("of api and scheduler: their children end, and the next start takes over", async () => {
    const thousand = await triggerThousand(millrace, { isHeld: true });
    await untilMiddle(thousand);
    await killServer();
    const childless = waitFor("its children to end", () => processesWith(stateDir).length === 0);
    await timed("server killed, until its children have ended", childless);
    millrace = await timed("until the next one answers", startUp({ dags, stateDir }));
    await timed("until tasks run again", untilMoving(thousand));
    await expectOneOutcomeEach(millrace, thousand);
  });

  test("of Postgres: it is started again and nothing acknowledged is lost", async () => {
    const thousand = await triggerThousand(millrace, { isHeld: true });
    await untilMiddle(thousand);
    killers.postgres(millrace);
    await timed("Postgres killed, until tasks run again", untilMoving(thousand));
    await expectOneOutcomeEach(millrace, thousand);
  });
});

/** A task whose attempt is lost for the third time fails: no more of these than that allows. */
const kills = ["postgres", "worker", "postgres", "server", "postgres"] as const;

test(
  "kill -9 of one part after the other, in any order and at any time",
  { timeout: testLimitMs },
  async () => {
    const order = fc.shuffledSubarray([...kills], { minLength: kills.length });
    const pauses = fc.array(fc.nat(2_000), { minLength: kills.length, maxLength: kills.length });
    await fc.assert(
      fc.asyncProperty(order, pauses, async (parts, waits) => {
        const slow = { millis: 60 };
        const runs = [await triggerThousand(millrace, slow), await triggerThousand(millrace, slow)];
        for (const [index, part] of parts.entries()) {
          await delay(waits[index]);
          if (part === "server") {
            await killServer();
            millrace = await startUp({ dags, stateDir });
          } else {
            const before = postgresOf(millrace);
            killers[part](millrace);
            // For a moment what is left of it may answer still: the next one is there once its own process is.
            if (part === "postgres")
              await waitFor("the next Postgres", () => {
                const now = postgresOf(millrace);
                return now !== null && now !== before;
              });
          }
          await waitFor("Postgres to be back", () =>
            millrace.api.dags.listDags({}, { timeoutMs: tryLimitMs }).then(
              () => true,
              () => false,
            ),
          );
        }
        for (const thousand of runs) await expectOneOutcomeEach(millrace, thousand);
        return true;
      }),
      { numRuns: 1 },
    );
    expect(processesWith(stateDir).length).toBeGreaterThan(0);
  },
);
