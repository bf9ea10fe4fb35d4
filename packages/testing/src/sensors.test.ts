/** Sensors on virtual time: what takes hours in production takes none here. */
import { context, dag, done, FailTask, sensor, task } from "@millrace/sdk";
import type { SensorOptions } from "@millrace/sdk";
import { describe, expect, test } from "vitest";
import { fail, ok, runDag, startDag } from "./index.ts";
import type { Outcome } from "./index.ts";

const use = task(function use(found: string) {
  return found;
});

/** A sensor that finds something on its third look. */
function third(options: SensorOptions) {
  let looks = 0;
  const wait = sensor({ id: "wait", ...options }, () => {
    looks += 1;
    return looks === 3 ? done("it") : false;
  });
  return dag("sensing", {}, () => use(wait()));
}

const never = (options: SensorOptions) =>
  dag("sensing", {}, () =>
    use(sensor({ id: "wait", ...options }, (): boolean => false)() as never),
  );

describe("a sensor that pokes", () => {
  test("keeps its attempt from look to look, and gives on what it found", async () => {
    const run = startDag(third({ interval: "10m" }));
    await run.advance("19m");
    expect(run.task("wait")).toMatchObject({ state: "running", attempts: 1 });
    await run.advance("1m");
    expect(run.task("wait")).toMatchObject({ state: "success", attempts: 1, value: "it" });
    expect(run.result).toBe("it");
  });

  test("fails for good when its time is over, after days that took no time", async () => {
    const run = startDag(never({ retries: 3, timeout: "7d" }), { now: "2026-01-01T00:00Z" });
    await run.finish();
    expect(run.task("wait")).toMatchObject({
      state: "failed",
      attempts: 1,
      failure: { kind: "timeout", type: "SensorTimeout" },
    });
    expect(run.now).toEqual(new Date("2026-01-08T00:01Z"));
  });

  test.each(["poke", "reschedule"] as const)(
    "looks still when exactly its timeout has passed, in mode %s (semantics 9.2)",
    async (mode) => {
      for (const backoff of [false, true]) {
        const looks: number[] = [];
        const began = Date.parse("2026-01-01T00:00Z");
        const options = { mode, backoff, interval: "10m", maxInterval: "10m" } as const;
        const run = startDag(never({ ...options, timeout: "20m" }), {
          now: new Date(began),
          outcomes: { wait: () => ok(void looks.push((run.now.getTime() - began) / 60_000)) },
        });
        await run.finish();
        expect(run.task("wait").state).toBe("failed");
        expect(looks).toContain(20);
        expect(looks.at(-1)).toBeGreaterThan(20);
      }
    },
  );

  test("looks once even when its timeout is shorter than a look", async () => {
    const run = startDag(third({ timeout: "1ms" }), { outcomes: { wait: ok(done("at once")) } });
    await run.finish();
    expect(run.result).toBe("at once");
  });
});

describe("a sensor that is rescheduled", () => {
  test("gives its slot back between looks; each look is an attempt that spends no retry", async () => {
    const run = startDag(third({ mode: "reschedule", interval: "10m" }));
    await run.advance("5m");
    expect(run.task("wait")).toMatchObject({ state: "up_for_reschedule", attempts: 1 });
    expect(run.task("wait").explain).toMatchObject([
      { kind: "reschedule_wait", until: run.now.getTime() + 5 * 60_000 },
    ]);
    await run.finish();
    expect(run.task("wait")).toMatchObject({ state: "success", attempts: 3, value: "it" });
  });

  test("counts its timeout from the first look of a try", async () => {
    const run = startDag(never({ mode: "reschedule", interval: "10m", timeout: "25m" }), {
      now: "2026-01-01T00:00Z",
    });
    await run.finish();
    expect(run.task("wait")).toMatchObject({ state: "failed", attempts: 4 });
    expect(run.task("wait").failure?.message).toContain("looked 4 times in vain");
    expect(run.now).toEqual(new Date("2026-01-01T00:30Z"));
  });

  test("goes on with the same back-off as in one attempt", async () => {
    const times: number[][] = [];
    for (const mode of ["poke", "reschedule"] as const) {
      const looks: number[] = [];
      const options = { mode, interval: "1m", backoff: true, maxInterval: "1h" } as const;
      const run = startDag(never({ ...options, timeout: "6h" }), {
        now: "2026-01-01T00:00Z",
        outcomes: { wait: () => ok(void looks.push(run.now.getTime())) },
      });
      await run.finish();
      times.push(looks);
    }
    expect(times[0]).toEqual(times[1]);
    expect(times[0]!.length).toBeGreaterThan(5);
  });
});

describe("any sensor", () => {
  test.each<[string, SensorOptions, Outcome]>([
    ["its time is over", { timeout: "1h" }, ok(false)],
    ["it fails for good", {}, fail(new FailTask("gone"))],
  ])("with softFail is skipped when %s", async (_, options, outcome) => {
    const run = startDag(never({ softFail: true, ...options }), { outcomes: { wait: outcome } });
    await run.finish();
    expect(run.task("wait").state).toBe("skipped");
    expect(run.task("use").state).toBe("skipped");
  });

  test("that throws has failed, and is tried again with a timeout of its own", async () => {
    const definition = never({ retries: 1, retryDelay: "1h", mode: "reschedule", timeout: "90m" });
    const run = startDag(definition, {
      outcomes: { wait: [ok(false), fail("broken"), ok(false), ok(done("it"))] },
    });
    await run.finish();
    expect(run.task("wait")).toMatchObject({ state: "success", attempts: 4 });
  });

  test("that answers something else fails at once", async () => {
    const run = startDag(never({ retries: 2 }), { outcomes: { wait: ok("soon") } });
    await run.finish();
    expect(run.task("wait")).toMatchObject({ state: "failed", attempts: 1 });
    expect(run.task("wait").failure?.message).toContain('answered "soon"');
  });

  test("runs its body as it is in runDag", async () => {
    expect((await runDag(third({}))).result).toBe("it");
  });

  test("that waits for a time waits by the run's clock", async () => {
    const opens = sensor({ id: "opens", mode: "reschedule", interval: "10m" }, () => {
      return context().now() >= new Date("2026-01-01T06:00Z");
    });
    const definition = dag("d", {}, () => void opens());
    const run = startDag(definition, { logicalDate: "2026-01-01T00:00Z" });
    await run.finish();
    expect(run.task("opens")).toMatchObject({ state: "success", attempts: 37 });
    expect(run.now).toEqual(new Date("2026-01-01T06:00Z"));
  });
});
