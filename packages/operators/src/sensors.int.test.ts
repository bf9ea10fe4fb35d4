import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { dag, task, type TaskContext } from "@millrace/sdk";
import {
  bodyOf,
  readSensorAnswer,
  resolveArgs,
  runInContext,
  valueOfRun,
} from "@millrace/sdk/spec";
import type { RunFacts } from "@millrace/sdk/spec";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fileSensor, timeSensor, waitFor, waitUntil } from "./index.ts";
import { wallTime } from "./time-sensors.ts";

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
    params: {},
  };
}

/** What the only sensor of a DAG answers, as a worker would see it. */
async function look(wire: () => void, facts = factsOf(new Date())) {
  const definition = dag("d", {}, wire);
  const [sensor] = definition.spec().tasks;
  const args = resolveArgs(sensor?.args ?? "[]", new Map(), facts);
  const context = { run: valueOfRun(facts), now: () => new Date() } as unknown as TaskContext;
  const body = bodyOf(definition, sensor?.id ?? "");
  return readSensorAnswer(await runInContext(context, () => body(...args)), "the sensor");
}

const isDone = async (wire: () => void, facts?: RunFacts) => (await look(wire, facts)).isDone;
const ago = (ms: number) => new Date(Date.now() - ms);

describe("waitFor", () => {
  test("waits from the end of the data interval, else from when the run was due", async () => {
    const wire = () => void waitFor("1h");
    await expect(isDone(wire, factsOf(ago(2 * hourMs)))).resolves.toBe(true);
    await expect(isDone(wire, factsOf(ago(hourMs / 2)))).resolves.toBe(false);
    await expect(isDone(wire, factsOf(ago(0), ago(2 * hourMs)))).resolves.toBe(true);
  });

  test("has time enough for what it waits for, and gives its slot back", () => {
    const [sensor] = dag("d", {}, () => void waitFor("30d", { id: "month" })).spec().tasks;
    expect(sensor).toMatchObject({ id: "month", sensor: { mode: "reschedule" } });
    expect(sensor?.sensor?.timeoutMs).toBe(37 * 24 * hourMs);
    expect(() => dag("d", {}, () => void waitFor("a while")).spec()).toThrow(
      'waitFor("a while") is no duration',
    );
  });
});

test("waitUntil waits for an instant, also one that a task returns", async () => {
  const [past, future] = [ago(1000), ago(-hourMs)];
  await expect(isDone(() => void waitUntil(past))).resolves.toBe(true);
  await expect(isDone(() => void waitUntil(future))).resolves.toBe(false);
  const opening = task(function opening() {
    return new Date(0);
  });
  const { edges } = dag("d", {}, () => void waitUntil(opening())).spec();
  expect(edges).toHaveLength(1);
});

describe("timeSensor", () => {
  test("compares with the wall clock of its zone", async () => {
    await expect(isDone(() => void timeSensor("00:00"))).resolves.toBe(true);
    const at = new Date("2026-07-01T22:30:05Z");
    expect(wallTime("UTC", at)).toBe("22:30:05");
    expect(wallTime("Europe/Zurich", at)).toBe("00:30:05");
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
});
