import { asset, context, dag, dated, firstOf, instances, task } from "@millrace/sdk";
import { describe, expect, test } from "vitest";
import { runDag } from "./index.ts";

const clicks = dated(asset("s3://clicks"), { every: "@hourly", format: "YYYY-MM-DDTHH" });
const backup = dated(asset("s3://backup"), { every: "@hourly", format: "YYYY-MM-DDTHH" });

const read = task(async function read() {
  const given = Object.entries(context().inputs);
  return given.map(([name, list]) => [
    name,
    ...list.map(({ uri, partitionKey }) => `${uri} ${partitionKey}`),
  ]);
});
const reader = dag(
  "reader",
  {
    schedule: "@daily",
    inputs: firstOf({ x: instances(clicks, { from: -2, to: -1 }) }, { y: instances(backup) }),
  },
  () => read(),
);
const logicalDate = "2026-01-02T00:00Z";

describe("inputs", () => {
  test("are everything that the run would wait for, where a test says nothing", async () => {
    const run = await runDag(reader, { logicalDate });
    expect(run.result).toEqual([
      ["x", "s3://clicks 2026-01-01T22", "s3://clicks 2026-01-01T23"],
      ["y"],
    ]);
  });

  test("are what a test says: partition keys, or instances", async () => {
    const one = { uri: "s3://other", partitionKey: "k", date: new Date(0) };
    const run = await runDag(reader, { logicalDate, inputs: { x: ["2025-01-01T00", one] } });
    expect(run.result).toEqual([["x", "s3://clicks 2025-01-01T00", "s3://other k"], ["y"]]);
  });

  test.each([
    [
      "a name that the DAG does not have",
      { z: [] },
      'inputs.z is "no input of the DAG": write x, y.',
    ],
    [
      "a key of another form",
      { x: ["yesterday"] },
      'inputs.x is "yesterday": write a partition key',
    ],
  ])("refused: %s", async (_, inputs, sentence) => {
    await expect(runDag(reader, { inputs })).rejects.toThrow(sentence);
  });

  test("refused for a DAG without inputs", async () => {
    const plain = dag("plain", {}, () => read());
    await expect(runDag(plain, { inputs: { x: [] } })).rejects.toThrow("the DAG has no inputs");
  });
});
