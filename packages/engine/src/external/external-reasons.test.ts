import { expect, test } from "vitest";
import { compileDag } from "../graph/graph.ts";
import { explain } from "../admission/admission.ts";
import { aDagSpec, aDeferral, someLimits } from "../testing.ts";
import { createRun } from "../run/create-run.ts";
import { newEffects } from "../run/run.ts";
import { transition } from "../events/transition.ts";
import type { ExternalFound, ExternalWait } from "./wait.ts";

const wait: ExternalWait = {
  ...{ dagId: "orders", runId: null, logicalDates: [0], taskIds: ["publish"], groupIds: [] },
  ...{ allowed: ["success"], failed: [], skipped: [], isStrict: false },
  ...{ softFail: false, checksExistence: true },
};
const nothing: ExternalFound = { dag: "there", unknownTaskIds: [], unknownGroupIds: [], runs: [] };

/** What is said of a task that waits, when this was found. */
function told(found: ExternalFound | null, options: Partial<ExternalWait> = {}) {
  const dag = compileDag(aDagSpec({ tasks: { a: {} } }));
  const run = createRun(dag, { logicalDate: null, lengthOf: () => null });
  const deferral = aDeferral({ kind: "runs", external: { ...wait, ...options }, resumes: false });
  const about = { ix: 0, mapIx: -1, at: 0 };
  transition(run, { kind: "runStarted", at: 0 }, newEffects());
  transition(run, { kind: "taskGranted", ...about }, newEffects());
  transition(run, { kind: "taskDeferred", ...about, attempt: 1, deferral }, newEffects());
  return explain(run, { ix: 0, mapIx: -1 }, someLimits({ externalOf: () => found }));
}

test("before the first look it says what will be looked for", () => {
  expect(told(null)).toMatchObject([{ kind: "external_run", evidence: { dag_id: "orders" } }]);
});

test("a run that does not exist yet is named by its date", () => {
  expect(told(nothing)).toMatchObject([
    {
      kind: "external_missing",
      message:
        'It waits for "publish" in a run of DAG "orders" with the logical date 1970-01-01T00:00:00.000Z, which does not exist yet.',
      evidence: { dag_id: "orders", logical_date: "1970-01-01T00:00:00.000Z" },
    },
  ]);
});

test("a run that is there is named, with its state and that of the task", () => {
  const part = { kind: "task", id: "publish", exists: true, counts: { running: 1 } } as const;
  const run = {
    runId: "run_7",
    runName: "r7",
    logicalDate: 0,
    state: "running",
    parts: [part],
  } as const;
  expect(told({ ...nothing, runs: [run] })).toMatchObject([
    {
      kind: "external_run",
      message: 'It waits for task "publish" (running) in run r7 of DAG "orders", which is running.',
      evidence: { run_id: "run_7", run_name: "r7", state: "running", external_ids: "publish" },
    },
  ]);
});

test("a DAG or a task that does not exist is named", () => {
  expect(told({ ...nothing, dag: "missing" })).toMatchObject([
    { kind: "external_missing", message: 'It waits for DAG "orders", which does not exist.' },
  ]);
  expect(told({ ...nothing, unknownTaskIds: ["publish"] })[0]).toMatchObject({
    kind: "external_missing",
    evidence: { missing: "publish" },
  });
});
