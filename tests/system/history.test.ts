/** The checker finds what it is there for: a good history, and the same with one thing wrong. */
import { compileDag, RunState, TaskState, type DagSpec } from "@millrace/engine";
import { dagSpecFromProto } from "@millrace/wire";
import { DagSpecSchema, TaskKind } from "@millrace/wire/v1";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { problemsOf, type Change, type History } from "./history.ts";

const { running, success, scheduled, failed } = TaskState;

const spec: DagSpec = dagSpecFromProto(
  create(DagSpecSchema, {
    dagId: "two",
    tasks: [
      { taskId: "one", kind: TaskKind.EXTERNAL, handler: "h" },
      { taskId: "two", kind: TaskKind.EXTERNAL, handler: "h" },
    ],
    edges: [{ fromTaskId: "one", toTaskId: "two" }],
  }),
);

const change = (ix: number, state: number, attempt: number): Change => ({
  ix,
  mapIx: -1,
  state,
  attempt,
});

/** Task one is lost once; then both succeed. */
function good(): History {
  const steps: Change[][] = [
    [change(0, running, 1)],
    [change(0, scheduled, 1)],
    [change(0, running, 2)],
    [change(0, success, 2), change(1, running, 1)],
    [change(1, success, 1)],
  ];
  const counts = Array.from({ length: 14 }, (_, index) => (index + 1 === success ? 2 : 0));
  return {
    dag: compileDag(spec),
    run: { state: RunState.success, revision: steps.length, counts },
    events: steps.map((changes, index) => ({
      seq: index + 1,
      runState: index + 1 === steps.length ? RunState.success : RunState.running,
      changes,
    })),
    tasks: [
      { ...change(0, success, 2), uncounted: 1 },
      { ...change(1, success, 1), uncounted: 0 },
    ],
    attempts: [{ ix: 0, attempt: 1, state: scheduled }],
  };
}

type Broken = Partial<History>;
const withEvent = (history: History, at: number, changes: Change[]): Broken => ({
  events: history.events.map((event, index) => (index === at ? { ...event, changes } : event)),
});

test("a good history has no problems", () => {
  expect(problemsOf(good())).toEqual([]);
});

test.each<[string, (history: History) => Broken, RegExp]>([
  [
    "an event is missing",
    (it) => ({ events: it.events.filter(({ seq }) => seq !== 2) }),
    /event 2 has seq 3/,
  ],
  [
    "a task ends twice",
    (it) => withEvent(it, 4, [change(1, success, 1), change(0, failed, 2)]),
    /one goes from state 6/,
  ],
  ["an attempt is skipped", (it) => withEvent(it, 2, [change(0, running, 3)]), /attempt 1 to 4, 3/],
  [
    "a result of an older attempt counts",
    (it) => withEvent(it, 3, [change(0, success, 1)]),
    /attempt 2 to 6, 1/,
  ],
  [
    "a task starts twice at a time",
    (it) => withEvent(it, 1, []),
    /one goes from state 4, attempt 1 to 4, 2/,
  ],
  [
    "a task starts before its upstream is done",
    (it) => withEvent(it, 2, [change(1, running, 1)]),
    /two starts before one/,
  ],
  [
    "a row says something else",
    (it) => ({ tasks: [it.tasks[0]!, { ...it.tasks[1]!, state: failed }] }),
    /two: events say state 6/,
  ],
  ["a row is missing", (it) => ({ tasks: it.tasks.slice(0, 1) }), /its row says undefined/],
  [
    "an earlier attempt is missing",
    () => ({ attempts: [] }),
    /one is in attempt 2 and has the earlier attempts none/,
  ],
  [
    "it starts again after it failed",
    () => ({ attempts: [{ ix: 0, attempt: 1, state: failed }] }),
    /started again after/,
  ],
  [
    "the counts are wrong",
    (it) => ({ run: { ...it.run, counts: it.run.counts.map(() => 1) } }),
    /counts/,
  ],
  ["the run's row is behind", (it) => ({ run: { ...it.run, revision: 4 } }), /revision is 4/],
])("found: %s", (_, breakIt, problem) => {
  const history = good();
  expect(problemsOf({ ...history, ...breakIt(history) }).join("\n")).toMatch(problem);
});
