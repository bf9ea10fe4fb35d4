import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { dag, task, type TaskContext } from "@millrace/sdk";
import {
  bodyOf,
  deferralOf,
  readSensorAnswer,
  resumeOf,
  resolveArgs,
  runInContext,
  valueOfRun,
} from "@millrace/sdk/spec";
import type { RunFacts } from "@millrace/sdk/spec";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fileSensor, timeSensor, waitFor, waitUntil } from "./index.ts";
import { nextTimeOfDay, wallTime } from "./wall-time.ts";

const hourMs = 3_600_000;

function factsOf(runAfter: Date, end: Date | null = null): RunFacts {
  return {
    id: "run_1",
    name: "n",
    dagId: "d",
    type: "manual",
    dagVersion: 1,
    logicalDate: null,
    dataInterval: { start: end, end },
    runAfter,
    partitionKey: null,
    params: {},
  };
}

/** What the only sensor of a DAG returns, as a worker would see it. */
async function returned(wire: () => void, facts = factsOf(new Date())) {
  const definition = dag("d", {}, wire);
  const [sensor] = definition.spec().tasks;
  const args = resolveArgs(sensor?.args ?? "[]", new Map(), facts);
  const context = { run: valueOfRun(facts), now: () => new Date() } as unknown as TaskContext;
  const body = bodyOf(definition, sensor?.id ?? "");
  return await runInContext(context, () => body(...args));
}

async function look(wire: () => void, facts?: RunFacts) {
  return readSensorAnswer(await returned(wire, facts), "the sensor");
}

const isDone = async (wire: () => void, facts?: RunFacts) => (await look(wire, facts)).isDone;

/** Until when it waits without a slot; null when it is done at once. */
async function waitsUntil(wire: () => void, facts?: RunFacts): Promise<Date | null> {
  const answer = await returned(wire, facts);
  const trigger = deferralOf(answer)?.trigger;
  if (trigger?.kind === "time" && trigger.at !== null) return new Date(trigger.at);
  expect(answer).toBe(true);
  return null;
}
const ago = (ms: number) => new Date(Date.now() - ms);

describe("waitFor", () => {
  test("waits from the end of the data interval, else from when the run was due", async () => {
    const wire = () => void waitFor("1h");
    const due = ago(hourMs / 2);
    await expect(waitsUntil(wire, factsOf(due))).resolves.toEqual(new Date(+due + hourMs));
    await expect(waitsUntil(wire, factsOf(ago(2 * hourMs)))).resolves.toBeNull();
    await expect(waitsUntil(wire, factsOf(ago(0), ago(2 * hourMs)))).resolves.toBeNull();
  });

  test("looks from time to time where it is told to", async () => {
    const wire = () => void waitFor("1h", { mode: "reschedule" });
    await expect(isDone(wire, factsOf(ago(2 * hourMs)))).resolves.toBe(true);
    await expect(isDone(wire, factsOf(ago(hourMs / 2)))).resolves.toBe(false);
    const [sensor] = dag("d", {}, wire).spec().tasks;
    expect(sensor?.sensor).toMatchObject({ mode: "reschedule", intervalMs: 60_000 });
  });

  test("has time enough for what it waits for", () => {
    const [sensor] = dag("d", {}, () => void waitFor("30d", { id: "month" })).spec().tasks;
    expect(sensor).toMatchObject({ id: "month" });
    expect(sensor?.sensor?.timeoutMs).toBe(37 * 24 * hourMs);
    expect(() => dag("d", {}, () => void waitFor("a while")).spec()).toThrow(
      'waitFor("a while") is no duration',
    );
  });
});

test("waitUntil waits for an instant, also one that a task returns", async () => {
  const [past, future] = [ago(1000), ago(-hourMs)];
  await expect(waitsUntil(() => void waitUntil(past))).resolves.toBeNull();
  await expect(waitsUntil(() => void waitUntil(future))).resolves.toEqual(future);
  const opening = task(function opening() {
    return new Date(0);
  });
  const { edges } = dag("d", {}, () => void waitUntil(opening())).spec();
  expect(edges).toHaveLength(1);
});

describe("timeSensor", () => {
  test("compares with the wall clock of its zone", async () => {
    await expect(waitsUntil(() => void timeSensor("00:00"))).resolves.toBeNull();
    const inPoke = () => void timeSensor("00:00", { mode: "poke" });
    await expect(isDone(inPoke)).resolves.toBe(true);
    const at = new Date("2026-07-01T22:30:05Z");
    expect(wallTime("UTC", at)).toBe("22:30:05");
    expect(wallTime("Europe/Zurich", at)).toBe("00:30:05");
  });

  test.each([
    ["UTC", "2026-07-01T10:00:00.500Z", "14:30:00", "2026-07-01T14:30:00Z"],
    ["UTC", "2026-07-01T14:30:00.500Z", "14:30:00", "2026-07-01T14:30:00.500Z"],
    ["America/New_York", "2026-07-01T02:00:00Z", "23:30:00", "2026-07-01T03:30:00Z"],
    // Clocks are put on at 02:00: 02:30 never comes, and 06:00 an hour earlier.
    ["Europe/Zurich", "2026-03-29T00:00:00Z", "06:00:00", "2026-03-29T04:00:00Z"],
    ["Europe/Zurich", "2026-03-29T00:00:00Z", "02:30:00", "2026-03-29T01:00:00Z"],
    // Clocks are put back at 03:00: 02:30 comes twice, and 06:00 an hour later.
    ["Europe/Zurich", "2026-10-24T23:30:00Z", "02:30:00", "2026-10-25T00:30:00Z"],
    ["Europe/Zurich", "2026-10-24T23:30:00Z", "06:00:00", "2026-10-25T05:00:00Z"],
  ])("in %s at %s, %s comes at %s", (zone, now, time, comes) => {
    expect(new Date(nextTimeOfDay(time, zone, new Date(now)))).toEqual(new Date(comes));
  });

  test.each(["24:00", "9:30", "noon"])("refuses %s", (time) => {
    expect(() => dag("d", {}, () => void timeSensor(time)).spec()).toThrow(
      "write hours and minutes",
    );
  });

  test("refuses an unknown zone", () => {
    const wire = () => void timeSensor("09:30", { timezone: "Mars" });
    expect(() => dag("d", {}, wire).spec()).toThrow('"Mars" is no time zone');
  });
});

describe("fileSensor", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), "millrace-file-sensor-"));
    writeFileSync(path.join(folder, "file"), "");
    mkdirSync(path.join(folder, "empty"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ["a file", "file", true],
    ["a folder with something in it", "", true],
    ["an empty folder", "empty", false],
    ["nothing", "missing", false],
    ["nothing below a file", "file/missing", false],
  ])("%s", async (_what, name, isThere) => {
    const file = path.join(folder, name);
    await expect(look(() => void fileSensor(file))).resolves.toEqual({
      isDone: isThere,
      value: isThere ? file : undefined,
    });
  });

  test("in mode defer leaves the looking to a triggerer, and gives the path all the same", async () => {
    const file = path.join(folder, "file");
    const at = (path: string) => () => void fileSensor(path, { mode: "defer", interval: "5s" });
    await expect(look(at(file))).resolves.toEqual({ isDone: true, value: file });
    const missing = path.join(folder, "missing");
    expect(deferralOf(await returned(at(missing)))?.trigger).toMatchObject({
      handler: "file",
      config: { path: missing, intervalMs: 5000 },
    });
    const resume = resumeOf(dag("d", {}, at(missing)), "file_sensor");
    const answer = resume?.({ path: missing, size: 1, modifiedAt: new Date(0) }, undefined);
    expect(readSensorAnswer(answer, "s")).toEqual({ isDone: true, value: missing });
  });
});
