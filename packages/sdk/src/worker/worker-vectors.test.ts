/** What every worker does alike: `clients/worker-vectors.json`. */

import { readFileSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AssignmentSchema } from "@millrace/wire/worker";
import { describe, expect, test } from "vitest";
import { valueOfRun } from "../context/run-facts.ts";
import { decodeValue } from "../codec/codec.ts";
import { taskOf } from "./assignment.ts";
import { renderLabel } from "./label.ts";
import { waitAfter } from "./sensor.ts";

type Vectors = {
  readonly instance: {
    readonly dagId: string;
    readonly taskId: string;
    readonly mapIndex: number;
    readonly tryNumber: number;
    readonly runName: string;
    readonly runType: "manual";
    readonly runAfter: string;
    readonly params: string;
    readonly items: Readonly<Record<string, string>>;
  };
  readonly labels: readonly {
    readonly name: string;
    readonly template: string;
    readonly label?: string;
  }[];
  readonly sensorWaits: readonly {
    readonly name: string;
    readonly dagId: string;
    readonly taskId: string;
    readonly mapIndex: number;
    readonly tryStartedAt: string;
    readonly intervalMs: number;
    readonly timeoutMs: number;
    readonly backoff: boolean;
    readonly maxIntervalMs: number | null;
    readonly look: number;
    readonly elapsedMs: number;
    readonly waitMs: number;
  }[];
};

const file = new URL("../../../../clients/worker-vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;

describe("names of mapped instances", () => {
  const { instance } = vectors;
  const run = valueOfRun({
    id: "run_1",
    name: instance.runName,
    dagId: instance.dagId,
    type: instance.runType,
    dagVersion: 1,
    logicalDate: null,
    dataInterval: { start: null, end: null },
    runAfter: new Date(instance.runAfter),
    partitionKey: null,
    params: decodeValue(instance.params),
  });
  const items = new Map(
    Object.entries(instance.items).map(([key, text]) => [key, decodeValue(text)]),
  );

  test.each(vectors.labels)("$name", async ({ template, label }) => {
    const rendered = renderLabel(template, { ...instance, run, items });
    if (label === undefined) await expect(rendered).rejects.toThrow();
    else expect(await rendered).toBe(label);
  });
});

describe("waits between two looks of a sensor", () => {
  test.each(vectors.sensorWaits)("$name", ({ waitMs, look, elapsedMs, ...vector }) => {
    const assignment = create(AssignmentSchema, {
      run: { dagId: vector.dagId },
      taskId: vector.taskId,
      mapIndex: vector.mapIndex,
      tryStartedAt: timestamp(vector.tryStartedAt),
      sensor: {
        interval: durationFromMs(vector.intervalMs),
        timeout: durationFromMs(vector.timeoutMs),
        backoff: vector.backoff,
        ...(vector.maxIntervalMs !== null && { maxInterval: durationFromMs(vector.maxIntervalMs) }),
      },
    });
    const { sensor } = taskOf(assignment).work;
    expect(waitAfter(sensor!, look, elapsedMs)).toBe(waitMs);
  });
});

/** With all decimals: dates of JavaScript hold three. */
function timestamp(text: string) {
  const decimals = /\.(\d+)Z$/.exec(text)?.[1] ?? "";
  return { ...timestampFromDate(new Date(text)), nanos: Number(decimals.padEnd(9, "0")) };
}
