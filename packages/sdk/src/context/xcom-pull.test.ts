/** The table of `xcom.pull` that every language's SDK keeps to: `clients/xcom-vectors.json` (semantics 8.2). */

import { readFileSync } from "node:fs";
import { isMillraceError } from "@millrace/engine";
import { describe, expect, test } from "vitest";
import { pulledValue, pullRequestOf, type PullOptions, type PullingTask } from "./xcom-pull.ts";

type Given =
  { readonly value: unknown } | { readonly nothing: true } | { readonly list: readonly Given[] };

type Vectors = {
  readonly left: Readonly<
    Record<
      string,
      { readonly mapped: boolean; readonly values: readonly (readonly [number, unknown])[] }
    >
  >;
  readonly cases: readonly {
    readonly name: string;
    readonly own?: PullingTask;
    readonly pull: PullOptions;
    readonly asks: { readonly taskIds: string[]; readonly mapIndexes: number[] } | null;
    readonly gives: Given;
  }[];
  readonly refused: readonly { readonly name: string; readonly pull: PullOptions }[];
};

const file = new URL("../../../../clients/xcom-vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;
const other: PullingTask = { id: "other", mapIndex: null };

function given(it: Given): unknown {
  if ("list" in it) return it.list.map(given);
  return "value" in it ? it.value : undefined;
}

/** As a server answers: in the order of tasks, then of map indexes. */
function answerTo({ taskIds, mapIndexes }: { taskIds: string[]; mapIndexes: number[] }) {
  const xcoms = taskIds.flatMap((taskId) =>
    (vectors.left[taskId]?.values ?? [])
      .filter(([mapIndex]) => mapIndexes.length === 0 || mapIndexes.includes(mapIndex))
      .map(([mapIndex, value]) => ({ taskId, mapIndex, value })),
  );
  return { xcoms, mappedTaskIds: taskIds.filter((id) => vectors.left[id]?.mapped) };
}

describe("semantics 8.2", () => {
  test.each(vectors.cases)("$name", ({ own = other, pull, asks, gives }) => {
    const request = pullRequestOf(pull, own);
    expect(request === null ? null : pickAsked(request)).toEqual(asks);
    const pulled = asks === null ? { xcoms: [], mappedTaskIds: [] } : answerTo(asks);
    expect(pulledValue(pull, own, pulled)).toStrictEqual(given(gives));
  });
});

function pickAsked({ taskIds, mapIndexes }: NonNullable<ReturnType<typeof pullRequestOf>>) {
  return { taskIds, mapIndexes };
}

describe("what cannot be asked for", () => {
  test.each(vectors.refused)("$name", ({ pull }) => {
    expect(reasonOf(() => pullRequestOf(pull, other))).toBe("FIELD_INVALID");
  });

  test("the message names the option, its value and the rule", () => {
    expect(() => pullRequestOf({ mapIndexes: -3 }, other)).toThrow(
      'option "mapIndexes" of xcom.pull is -3: it must be whole numbers from 0, or null',
    );
  });
});

test("the order in which the server answers makes no difference", () => {
  const pull = { tasks: ["three", "plain"] };
  const { xcoms, mappedTaskIds } = answerTo({ taskIds: pull.tasks, mapIndexes: [] });
  const turned = { xcoms: xcoms.toReversed(), mappedTaskIds };
  expect(pulledValue(pull, other, turned)).toEqual(["m0", "m1", "m2", "p"]);
});

test("a run, a DAG and prior dates are asked for as they are", () => {
  expect(pullRequestOf({ tasks: "a", key: "k", runId: "run_1", dagId: "d" }, other)).toEqual({
    taskIds: ["a"],
    key: "k",
    mapIndexes: [],
    runId: "run_1",
    includePriorDates: false,
    dagId: "d",
  });
});

function reasonOf(act: () => unknown): string | null {
  try {
    act();
  } catch (error) {
    return isMillraceError(error) ? error.reason : String(error);
  }
  return null;
}
