import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Reason } from "../admission/reasons.ts";
import { compileDag } from "../graph/graph.ts";
import { explain } from "../admission/admission.ts";
import { aDagSpec, aDeferral, someLimits } from "../testing.ts";
import { createRun } from "../run/create-run.ts";
import { newEffects } from "../run/run.ts";
import { transition } from "../events/transition.ts";
import { judgeExternal } from "./judge-external.ts";
import type { ExternalFound, ExternalRun, ExternalWait } from "./wait.ts";

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

const dates = [0, 1, 2];
const someRun = fc.record({
  state: fc.constantFrom<ExternalRun["state"]>("queued", "running", "success", "failed"),
  part: fc.constantFrom("none", "running", "success", "failed", "skipped"),
});
const someFound = fc.record({
  dag: fc.constantFrom<ExternalFound["dag"]>("there", "there", "inactive", "missing"),
  isKnown: fc.boolean(),
  runs: fc.dictionary(fc.constantFrom(...dates.map(String)), someRun),
});

function runOf(at: number, state: ExternalRun["state"], part: string, wait: ExternalWait) {
  const parts = wait.taskIds.map(
    (id) => ({ kind: "task", id, exists: true, counts: { [part]: 1 } }) as const,
  );
  return { runId: `run_${at}`, runName: `r${at}`, logicalDate: at, state, parts };
}

/** What is named comes, or ends as it should. */
function remove(found: ExternalFound, { kind, evidence }: Reason, wait: ExternalWait) {
  const done = (at: number) => runOf(at, "success", "success", wait);
  if (kind === "external_missing") {
    if (evidence["dag"] !== undefined) return { ...found, dag: "there" } as const;
    if (evidence["missing"] !== undefined) return { ...found, unknownTaskIds: [] };
    return { ...found, runs: [...found.runs, done(Date.parse(evidence["logical_date"] ?? ""))] };
  }
  const runs = found.runs.map((run) =>
    run.runId === evidence["run_id"] ? done(run.logicalDate ?? 0) : run,
  );
  return { ...found, runs };
}

test("when everything that is named has come, the wait is over; until then it is not", () => {
  fc.assert(
    fc.property(someFound, fc.boolean(), ({ dag, isKnown, runs }, isWhole) => {
      const options = {
        ...{ logicalDates: dates, taskIds: isWhole ? [] : ["publish"], checksExistence: false },
        ...{ failed: [], skipped: [], isStrict: false },
      };
      const asked = { ...wait, ...options };
      let found: ExternalFound = {
        ...{ dag, unknownTaskIds: isKnown || isWhole ? [] : ["publish"], unknownGroupIds: [] },
        runs: Object.entries(runs).map(([at, { state, part }]) =>
          runOf(Number(at), state, part, asked),
        ),
      };
      for (let round = 0; round < 4; round += 1) {
        const isOver = judgeExternal(asked, found).kind === "fulfilled";
        if (isOver && found.dag === "there" && found.unknownTaskIds.length === 0) return;
        const reasons = told(found, options);
        expect(reasons.length).toBeGreaterThan(0);
        for (const reason of reasons) found = remove(found, reason, asked);
      }
      expect(judgeExternal(asked, found).kind).toBe("fulfilled");
    }),
    { numRuns: 300 },
  );
});
