/** The trigger rules, cell by cell: appendix A.1 of semantics.md, and what it does not show. */
import { describe, expect, test } from "vitest";
import type { Judgement, UpstreamCounts } from "./rules.ts";
import { judge, judgeNeeded } from "./rules.ts";
import type { TriggerRule } from "../spec/spec.ts";
import { triggerRules } from "../spec/spec.ts";

const field = {
  S: "success",
  F: "failed",
  K: "skipped",
  U: "upstreamFailed",
  R: "removed",
} as const;
const none: UpstreamCounts = {
  ...{ upstream: 0, success: 0, failed: 0, upstreamFailed: 0, skipped: 0, removed: 0 },
  ...{ setups: 0, setupSuccess: 0, setupSkipped: 0 },
};

/** "S K –": one succeeded, one was skipped, one is not final. */
function counts(upstream: string): UpstreamCounts {
  const found = { ...none };
  const letters = upstream === "" ? [] : upstream.split(" ");
  for (const letter of letters) {
    found.upstream += 1;
    if (letter !== "–") found[field[letter as keyof typeof field]] += 1;
  }
  return found;
}

const words = { RUN: "run", wait: "wait", SK: "skip", UF: "upstream_failed" } as const;
const columns = "S S,S –,F –,K –,U –,S F,S K,S U,F F,F U,U U,F K,K K,K U,S R,K R,R R".split(",");

// Cells in capitals where appendix A.1 says "wait" under S R, K R and R R: nobody waits for what is removed.
const table = `
all_success: RUN wait UF SK UF UF SK UF UF UF UF UF SK UF RUN SK RUN
all_failed: SK SK wait SK wait SK SK SK RUN RUN RUN SK SK SK SK SK RUN
all_done: RUN wait wait wait wait RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN
all_done_min_one_success: RUN wait wait SK wait RUN SK RUN UF UF UF SK SK SK RUN SK UF
all_done_setup_success: RUN wait wait wait wait RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN
one_success: RUN RUN wait wait wait RUN RUN RUN UF UF UF UF SK UF RUN UF UF
one_failed: SK wait RUN wait RUN RUN SK RUN RUN RUN RUN RUN SK RUN SK SK SK
one_done: RUN RUN RUN wait wait RUN RUN RUN RUN RUN SK RUN SK SK RUN SK SK
none_failed: RUN wait UF wait UF UF RUN UF UF UF UF UF RUN UF RUN RUN RUN
none_failed_min_one_success: RUN wait UF wait UF UF RUN UF UF UF UF UF SK UF RUN SK SK
none_skipped: RUN wait wait SK wait RUN SK RUN RUN RUN RUN SK SK SK RUN SK RUN
all_skipped: SK SK SK wait SK SK SK SK SK SK SK SK RUN SK SK RUN RUN
always: RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN`;

const cells = table
  .trim()
  .split("\n")
  .flatMap((line): [TriggerRule, string, Judgement][] => {
    const [rule = "", row = ""] = line.split(": ");
    return row
      .split(" ")
      .map((cell, at) => [rule as TriggerRule, columns[at]!, words[cell as keyof typeof words]]);
  });

describe("two tasks before it (A.1)", () => {
  test.each(cells)("%s after %s: %s", (rule, upstream, judgement) => {
    expect(judge(rule, counts(upstream))).toBe(judgement);
  });

  test("every rule has its row", () => {
    expect(new Set(cells.map(([rule]) => rule))).toEqual(new Set(triggerRules));
    expect(cells).toHaveLength(13 * 17);
  });
});

describe("more of them (2.2, 2.3)", () => {
  test.each<[TriggerRule, string, Judgement]>([
    ["all_success", "S S S –", "wait"],
    ["all_success", "S K F –", "upstream_failed"],
    ["all_success", "S S R", "run"],
    ["all_failed", "F U R", "run"],
    ["all_failed", "F F –", "wait"],
    ["all_done", "S F K U R", "run"],
    ["all_done_min_one_success", "F F S –", "wait"],
    ["all_done_min_one_success", "F R –", "wait"],
    ["all_done_min_one_success", "F R", "upstream_failed"],
    ["one_success", "K K –", "wait"],
    ["one_success", "K K R", "upstream_failed"],
    ["one_failed", "K K U –", "run"],
    ["one_done", "K U – –", "wait"],
    ["none_failed", "S K K", "run"],
    ["none_failed_min_one_success", "K K S", "run"],
    ["none_failed_min_one_success", "K K –", "wait"],
    ["none_skipped", "F U S R", "run"],
    ["all_skipped", "K K –", "wait"],
  ])("%s after %s: %s", (rule, upstream, judgement) => {
    expect(judge(rule, counts(upstream))).toBe(judgement);
  });

  test.each(triggerRules)("%s runs when nothing is before it (2.1)", (rule) => {
    expect(judge(rule, counts(""))).toBe("run");
  });
});

describe("all_done_setup_success with setups among the upstream (2.2)", () => {
  test.each<[what: string, upstream: string, Partial<UpstreamCounts>, Judgement]>([
    ["one succeeded", "S F", { setups: 1, setupSuccess: 1 }, "run"],
    ["one of two succeeded", "S F U", { setups: 2, setupSuccess: 1 }, "run"],
    ["all were skipped", "K S", { setups: 1, setupSkipped: 1 }, "skip"],
    ["one failed", "F S", { setups: 1 }, "upstream_failed"],
    ["one failed, one was skipped", "F K", { setups: 2, setupSkipped: 1 }, "upstream_failed"],
    ["one is not final", "– S", { setups: 1 }, "wait"],
    ["the work is not final", "S –", { setups: 1, setupSuccess: 1 }, "wait"],
  ])("%s", (_, upstream, setups, judgement) => {
    expect(judge("all_done_setup_success", { ...counts(upstream), ...setups })).toBe(judgement);
  });
});

test.each<[string, number, Partial<Parameters<typeof judgeNeeded>[0]>, Judgement]>([
  ["none are needed", 0, {}, "run"],
  ["all succeeded", 2, { success: 2 }, "run"],
  ["one is not final", 2, { success: 1 }, "wait"],
  ["one failed, whatever the others do", 3, { success: 1, failed: 1 }, "upstream_failed"],
  ["one was skipped", 3, { success: 1, skipped: 1 }, "skip"],
  ["one is there no more", 2, { success: 1, removed: 1 }, "run"],
])("setups that are needed, not directly before it (2.4): %s", (_, needed, of, judgement) => {
  const counted = { success: 0, failed: 0, skipped: 0, removed: 0, ...of };
  expect(judgeNeeded({ needed, ...counted })).toBe(judgement);
});
