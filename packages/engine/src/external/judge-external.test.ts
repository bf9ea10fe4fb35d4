/** Semantics 9.4, and where it is left: what is mapped counts as one, and strict is the default of the SDK. */

import { describe, expect, test } from "vitest";
import { endOfPart, judgeExternal } from "./judge-external.ts";
import type { ExternalFound, ExternalPart, ExternalRun, ExternalWait } from "./wait.ts";

function aWait(options: Partial<ExternalWait> = {}): ExternalWait {
  return {
    ...{ dagId: "orders", runId: null, logicalDates: [0], taskIds: [], groupIds: [] },
    ...{ allowed: ["success"], failed: ["failed", "skipped", "upstream_failed"], skipped: [] },
    ...{ isStrict: true, softFail: false, checksExistence: true },
    ...options,
  };
}

function aRun(state: ExternalRun["state"], ...parts: ExternalPart[]): ExternalRun {
  return { runId: "run_1", runName: "r", logicalDate: 0, state, parts };
}

function aPart(counts: Record<string, number>, options: Partial<ExternalPart> = {}): ExternalPart {
  return { id: "t", kind: "task", exists: true, counts, ...options };
}

function found(...runs: ExternalRun[]): ExternalFound {
  return { dag: "there", unknownTaskIds: [], unknownGroupIds: [], runs };
}

function kindOf(wait: ExternalWait, what: ExternalFound): string {
  return judgeExternal(wait, what).kind;
}

const lenient = aWait({ failed: [], isStrict: false });

describe("a DAG as a whole", () => {
  test.each([
    ["queued", "waiting", "waiting"],
    ["running", "waiting", "waiting"],
    ["success", "fulfilled", "fulfilled"],
    ["failed", "failed", "waiting"],
  ] as const)(
    "a run that is %s is %s, and %s where nothing counts as a failure",
    (state, is, leniently) => {
      expect(kindOf(aWait(), found(aRun(state)))).toBe(is);
      expect(kindOf(lenient, found(aRun(state)))).toBe(leniently);
    },
  );

  test("each date has to have its run", () => {
    const wait = aWait({ logicalDates: [0, 1] });
    expect(kindOf(wait, found(aRun("success")))).toBe("waiting");
    expect(kindOf(wait, found(aRun("success"), aRun("success")))).toBe("fulfilled");
    expect(kindOf(wait, found(aRun("success"), aRun("failed")))).toBe("failed");
  });

  test("a failure counts before a skip, and both at once, whatever is open", () => {
    const wait = aWait({ logicalDates: [0, 1, 2], failed: ["failed"], taskIds: ["t"] });
    const skipping = { ...wait, skipped: ["skipped"] as const };
    const [open, skipped, failed] = [{ none: 1 }, { skipped: 1 }, { failed: 1 }].map((counts) =>
      aRun("running", aPart(counts)),
    );
    expect(kindOf(skipping, found(open!, skipped!))).toBe("skipped");
    expect(kindOf(skipping, found(open!, skipped!, failed!))).toBe("failed");
  });
});

describe("tasks and groups", () => {
  test.each<[Record<string, number>, string | null]>([
    [{ success: 1 }, "success"],
    [{ success: 3 }, "success"],
    [{ success: 2, skipped: 1 }, "success"],
    [{ skipped: 2 }, "skipped"],
    [{ success: 2, failed: 1 }, "failed"],
    [{ upstream_failed: 1, skipped: 1 }, "upstream_failed"],
    [{ upstream_failed: 1, failed: 1 }, "failed"],
    [{ success: 2, removed: 4 }, "success"],
    [{ success: 2, running: 1 }, null],
    [{ success: 2, none: 1 }, null],
    [{ up_for_retry: 1 }, null],
    [{}, null],
  ])("instances %j are %s as one", (counts, end) => {
    expect(endOfPart({ counts })).toBe(end);
  });

  test.each<[string, Record<string, number>, ExternalRun["state"], string, string]>([
    ["every instance of a mapped task", { success: 100 }, "running", "fulfilled", "fulfilled"],
    ["not every instance", { success: 99, none: 1 }, "running", "waiting", "waiting"],
    ["one that failed, others going on", { failed: 1, running: 9 }, "running", "failed", "waiting"],
    ["one that may be tried again", { up_for_retry: 1 }, "running", "waiting", "waiting"],
    ["one that was skipped", { skipped: 1 }, "running", "failed", "waiting"],
    ["one that never ran in a run that is over", { none: 1 }, "failed", "failed", "waiting"],
    ["one that is cleared in a run that goes on", { none: 1 }, "running", "waiting", "waiting"],
  ])("%s", (_, counts, state, strict, leniently) => {
    const what = found(aRun(state, aPart(counts)));
    expect(kindOf(aWait({ taskIds: ["t"] }), what)).toBe(strict);
    expect(kindOf({ ...lenient, taskIds: ["t"] }, what)).toBe(leniently);
  });

  test("what is skipped may be allowed, or skip the task that waits", () => {
    const what = found(aRun("running", aPart({ skipped: 1 })));
    const allowed = aWait({ taskIds: ["t"], allowed: ["success", "skipped"], failed: ["failed"] });
    expect(kindOf(allowed, what)).toBe("fulfilled");
    expect(kindOf(aWait({ taskIds: ["t"], skipped: ["skipped"], failed: ["failed"] }), what)).toBe(
      "skipped",
    );
  });

  test("a task that the run's version does not have will not come", () => {
    const what = found(aRun("running", aPart({}, { exists: false })));
    expect(kindOf(aWait({ taskIds: ["t"] }), what)).toBe("failed");
    expect(kindOf({ ...lenient, taskIds: ["t"] }, what)).toBe("waiting");
  });
});

describe("what does not exist", () => {
  const none: ExternalFound = { ...found(), dag: "missing" };

  test.each<[string, ExternalFound, string]>([
    ["a DAG", none, 'DAG "orders", which does not exist'],
    ["a DAG whose file is gone", { ...none, dag: "inactive" }, "not in its folder any more"],
    ["a task", { ...found(), unknownTaskIds: ["x"] }, 'task "x" of DAG "orders"'],
    ["a group", { ...found(), unknownGroupIds: ["g"] }, 'group "g" of DAG "orders"'],
  ])("%s fails for good, with a sentence", (_, what, message) => {
    const verdict = judgeExternal(aWait(), what);
    expect(verdict).toMatchObject({ kind: "failed", failure: { retryable: false } });
    expect(JSON.stringify(verdict)).toContain(JSON.stringify(message).slice(1, -1));
  });

  test("may come where that is not checked", () => {
    expect(kindOf(aWait({ checksExistence: false }), none)).toBe("waiting");
  });

  test("a run that was waited for by its id and deleted fails, and may be made again", () => {
    const verdict = judgeExternal(aWait({ runId: "run_7", logicalDates: [] }), found());
    expect(verdict).toMatchObject({ kind: "failed", failure: { retryable: true } });
  });
});

test("soft fail skips where it would fail", () => {
  expect(kindOf(aWait({ softFail: true }), found(aRun("failed")))).toBe("skipped");
});
