/** Sensors: when they look, when they give their slot back, and when they give up. */

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { durationFromMs, durationMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { writeFileAtomically } from "@millrace/operators";
import { FailureKind, SensorMode } from "@millrace/wire/v1";
import type { Result } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { Bench, notesIn, slots, succeededOf, valueOf } from "../bench.ts";
import type { WorkerUnderTest } from "../workers/table.ts";

type How = {
  readonly mode?: SensorMode;
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly softFail?: boolean;
  readonly backoff?: boolean;
};

const sensor = ({ intervalMs = 20, timeoutMs = 60_000, ...how }: How) => ({
  sensor: { ...how, interval: durationFromMs(intervalMs), timeout: durationFromMs(timeoutMs) },
});
const reschedule = SensorMode.RESCHEDULE;

export function sensors(worker: WorkerUnderTest): void {
  test("it looks again and again until it is done, and what it found is the value", async () => {
    await using bench = await Bench.start(worker);
    const folder = await folderOf(bench);
    bench.server.assign(bench.task("a1", "watch", [folder], sensor({})));
    await bench.server.until(() => notesIn(folder).length >= 3, "three looks");
    expect(bench.server.resultsOf("a1")).toEqual([]);
    await writeFileAtomically(path.join(folder, "found"), "the file");
    expect(valueOf(await bench.server.result("a1"))).toBe("the file");
  });

  test("in reschedule mode it looks once and says after how long it wants to look again", async () => {
    await using bench = await Bench.start(worker);
    const folder = await folderOf(bench);
    const how = sensor({ mode: reschedule, intervalMs: 90_000, timeoutMs: 600_000 });
    bench.server.assign(bench.task("a1", "watch", [folder], how));
    expect(afterOf(await bench.server.result("a1"))).toBe(90_000);
    expect(notesIn(folder)).toEqual(["looked"]);
    await writeFileAtomically(path.join(folder, "found"), "the file");
    bench.server.assign(bench.task("a2", "watch", [folder], { ...how, looks: 1 }));
    expect(valueOf(await bench.server.result("a2"))).toBe("the file");
  });

  test("rescheduled sensors free their slots at once", async () => {
    await using bench = await Bench.start(worker);
    const folder = await folderOf(bench);
    const ids = Array.from({ length: slots * 3 }, (_, index) => `a${index}`);
    const how = sensor({ mode: reschedule });
    bench.server.assign(...ids.map((id) => bench.task(id, "watch", [folder], how)));
    for (const id of ids) expect(afterOf(await bench.server.result(id))).toBe(20);
  });

  test("with back-off the wait grows with the looks of the whole try, the same in every worker", async () => {
    await using bench = await Bench.start(worker);
    const folder = await folderOf(bench);
    const how = sensor({
      mode: reschedule,
      intervalMs: 60_000,
      timeoutMs: 7 * 86_400_000,
      backoff: true,
    });
    const tryStartedAt = timestampFromDate(new Date("2026-01-01T00:00:00Z"));
    // From clients/worker-vectors.json, where the formula is tested at length.
    const waits = [54_000, 99_000, 228_000];
    for (const [looks, waitMs] of waits.entries()) {
      const task = bench.task(`a${looks}`, "watch", [folder], { ...how, looks, tryStartedAt });
      bench.server.assign({ ...task, taskId: "wait", run: { ...task.run, dagId: "demo" } });
      expect(afterOf(await bench.server.result(`a${looks}`))).toBe(waitMs);
    }
  });

  test.each([
    ["in place", SensorMode.POKE],
    ["rescheduled", reschedule],
  ])(
    "when its time is over, %s, it fails for good as SensorTimeout after a last look",
    async (_name, mode) => {
      await using bench = await Bench.start(worker);
      const folder = await folderOf(bench);
      const how = {
        ...sensor({ mode, timeoutMs: 5_000 }),
        tryAge: durationFromMs(6_000),
        looks: 3,
      };
      bench.server.assign(bench.task("a1", "watch", [folder], how));
      const { outcome } = await bench.server.result("a1");
      expect(outcome).toMatchObject({
        case: "failed",
        value: { kind: FailureKind.TIMEOUT, type: "SensorTimeout", retryable: false },
      });
      expect(outcome.value).toMatchObject({ message: expect.stringMatching(/4 times.*5 s/) });
      expect(notesIn(folder)).toEqual(["looked"]);
    },
  );

  test("a timeout of its own attempt is judged by the worker's clock, and a soft one is a skip", async () => {
    await using bench = await Bench.start(worker);
    const folder = await folderOf(bench);
    // Long enough that the first look is over before, on a busy machine too.
    const how = sensor({ timeoutMs: 2_000, softFail: true });
    bench.server.assign(bench.task("a1", "watch", [folder], how));
    expect((await bench.server.result("a1")).outcome.case).toBe("skipped");
    expect(notesIn(folder).length).toBeGreaterThan(1);
  });

  test("what is found in the last look counts, whatever the time", async () => {
    await using bench = await Bench.start(worker);
    const folder = await folderOf(bench);
    await writeFileAtomically(path.join(folder, "found"), "late");
    const how = { ...sensor({ timeoutMs: 5_000 }), tryAge: durationFromMs(60_000) };
    bench.server.assign(bench.task("a1", "watch", [folder], how));
    expect(valueOf(await bench.server.result("a1"))).toBe("late");
  });

  test("what a look throws ends the sensor; a soft one takes FailTask for a skip", async () => {
    await using bench = await Bench.start(worker);
    const cases: [string, boolean, object][] = [
      ["skip", false, { case: "skipped", value: { message: "skip" } }],
      ["fail", false, { case: "failed", value: { retryable: false, message: "fail" } }],
      ["fail", true, { case: "skipped", value: { message: "fail" } }],
      ["retry", true, { case: "failed", value: { retryable: true } }],
      ["error", true, { case: "failed", value: { retryable: true, message: "error" } }],
    ];
    const folder = await folderOf(bench);
    for (const [word, softFail, expected] of cases) {
      const id = `${word}, soft: ${softFail}`;
      bench.server.assign(bench.task(id, "watch_until", [word, folder], sensor({ softFail })));
      expect((await bench.server.result(id)).outcome, id).toMatchObject(expected);
    }
    expect(notesIn(folder)).toHaveLength(cases.length);
  });

  test("the execution timeout is for each look: many short ones may take longer together", async () => {
    await using bench = await Bench.start(worker);
    const folder = await folderOf(bench);
    // Far more than a look takes on a busy machine, and less than all of them together.
    const executionTimeout = durationFromMs(2_500);
    const how = {
      ...sensor({ intervalMs: 50, timeoutMs: 3_500, softFail: true }),
      executionTimeout,
    };
    bench.server.assign(bench.task("a1", "watch", [folder], how));
    const { outcome } = await bench.server.result("a1");
    expect(outcome).toMatchObject({
      case: "skipped",
      value: { message: expect.stringContaining("3.5 s") },
    });
  });

  test.each([
    [false, { case: "failed", value: { kind: FailureKind.TIMEOUT, type: "", retryable: true } }],
    [true, { case: "skipped" }],
  ])("a look that takes longer ends the sensor; soft: %s", async (softFail, expected) => {
    await using bench = await Bench.start(worker);
    const folder = await folderOf(bench);
    const how = { ...sensor({ softFail }), executionTimeout: durationFromMs(300) };
    bench.server.assign(bench.task("a1", "hold", [folder], how));
    const { outcome } = await bench.server.result("a1");
    expect({ ...outcome, value: { ...outcome.value, type: "" } }).toMatchObject(expected);
  });

  test("a cancel ends it between two looks", async () => {
    await using bench = await Bench.start(worker);
    const folder = await folderOf(bench);
    bench.server.assign(bench.task("a1", "watch", [folder], sensor({ intervalMs: 600_000 })));
    await bench.server.until(() => notesIn(folder).length === 1, "the first look");
    await bench.server.untilHeld("a1");
    bench.server.cancel("a1");
    const { outcome } = await bench.server.result("a1");
    expect(outcome).toMatchObject({ case: "failed", value: { kind: FailureKind.CANCELLED } });
  });

  test("what it found is measured, and its instance named, as of any task", async () => {
    await using bench = await Bench.start(worker);
    const folder = await folderOf(bench);
    await writeFileAtomically(path.join(folder, "found"), "now");
    const measuredPaths = [new TextEncoder().encode("[]")];
    const how = { ...sensor({}), measuredPaths };
    bench.server.assign(bench.task("a1", "watch", [folder], how));
    const { outcome } = await bench.server.result("a1");
    expect(outcome).toMatchObject({ case: "failed", value: { kind: FailureKind.SETUP } });
    const mapped = { ...sensor({}), mapIndexTemplate: "{{ task_id }}" };
    bench.server.assign(bench.task("a2", "watch", [folder], mapped));
    expect(succeededOf(await bench.server.result("a2")).mapIndexLabel).toBe("watch");
  });
}

async function folderOf(bench: Bench): Promise<string> {
  const folder = path.join(bench.folder, "watched");
  await mkdir(folder);
  return folder;
}

function afterOf({ outcome }: Result): number {
  if (outcome.case !== "rescheduled" || outcome.value.after === undefined)
    throw new Error(`The attempt was not rescheduled: ${outcome.case}`);
  return durationMs(outcome.value.after);
}
