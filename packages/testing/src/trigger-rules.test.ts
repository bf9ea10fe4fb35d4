/** The thirteen rules, each after two tasks: appendix A.1 of the semantics, by whole runs. */
import { triggerRules } from "@millrace/engine";
import { chain, dag, task } from "@millrace/sdk";
import { describe, expect, test } from "vitest";
import { after, fail, ok, skip, startDag } from "./index.ts";
import type { Outcome, TaskResult } from "./index.ts";

const work = task({ id: "work" }, () => undefined);

const outcomes: Readonly<Record<string, Outcome>> = {
  S: ok(),
  F: fail(),
  K: skip(),
  "–": after("1h", ok()),
};
const states: Readonly<Record<string, TaskResult["state"]>> = {
  RUN: "success",
  wait: "none",
  SK: "skipped",
  UF: "upstream_failed",
};

const columns = "S S,S –,F –,K –,U –,S F,S K,S U,F F,F U,U U,F K,K K,K U".split(",");
const table = `
all_success: RUN wait UF SK UF UF SK UF UF UF UF UF SK UF
all_failed: SK SK wait SK wait SK SK SK RUN RUN RUN SK SK SK
all_done: RUN wait wait wait wait RUN RUN RUN RUN RUN RUN RUN RUN RUN
all_done_min_one_success: RUN wait wait SK wait RUN SK RUN UF UF UF SK SK SK
all_done_setup_success: RUN wait wait wait wait RUN RUN RUN RUN RUN RUN RUN RUN RUN
one_success: RUN RUN wait wait wait RUN RUN RUN UF UF UF UF SK UF
one_failed: SK wait RUN wait RUN RUN SK RUN RUN RUN RUN RUN SK RUN
one_done: RUN RUN RUN wait wait RUN RUN RUN RUN RUN SK RUN SK SK
none_failed: RUN wait UF wait UF UF RUN UF UF UF UF UF RUN UF
none_failed_min_one_success: RUN wait UF wait UF UF RUN UF UF UF UF UF SK UF
none_skipped: RUN wait wait SK wait RUN SK RUN RUN RUN RUN SK SK SK
all_skipped: SK SK SK wait SK SK SK SK SK SK SK SK RUN SK
always: RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN`;

const rows = table
  .trim()
  .split("\n")
  .map((line) => {
    const [rule = "", cells = ""] = line.split(": ");
    return { rule: rule as (typeof triggerRules)[number], cells: cells.split(" ") };
  });

/** The task `target` of this rule, a minute after what is before it began. */
async function targetAfter(rule: (typeof triggerRules)[number], column: string) {
  const letters = column.split(" ");
  const definition = dag("rules", {}, () => {
    const before = letters.map((letter, at) => {
      const node = work.with({ id: `before_${at}` })();
      if (letter === "U") chain(work.with({ id: `failed_${at}` })(), node);
      return node;
    });
    chain(before, work.with({ id: "target", triggerRule: rule })());
  });
  const said = letters.map((letter, at): [string, Outcome] =>
    letter === "U" ? [`failed_${at}`, fail()] : [`before_${at}`, after("1s", outcomes[letter]!)],
  );
  const run = startDag(definition, { outcomes: Object.fromEntries(said) });
  await run.advance("1m");
  return run.task("target");
}

test("every rule has its row", () => {
  expect(rows.map(({ rule }) => rule)).toEqual(triggerRules);
});

describe("a task after two", () => {
  test.each(rows)("of the rule $rule", async ({ rule, cells }) => {
    const found: Record<string, string> = {};
    for (const column of columns) found[column] = (await targetAfter(rule, column)).state;
    expect(found).toEqual(
      Object.fromEntries(columns.map((column, at) => [column, states[cells[at]!]])),
    );
  });

  test("that waits says for which task and by what rule", async () => {
    const { explain } = await targetAfter("all_done", "S –");
    expect(explain).toMatchObject([
      { kind: "upstream", taskIds: ["before_1"], evidence: { trigger_rule: "all_done" } },
    ]);
  });
});

test("with failFast the first failure ends the run: what waits is skipped, what runs is stopped", async () => {
  const definition = dag("fast", { failFast: true }, () => {
    chain(work.with({ id: "bad" })(), work.with({ id: "next" })());
    chain(work.with({ id: "slow" })(), work.with({ id: "later" })());
  });
  const run = startDag(definition, {
    outcomes: { bad: after("1m", fail("broken")), slow: after("1h", ok()) },
  });
  await run.finish();
  expect(run.state).toBe("failed");
  expect(Object.fromEntries(run.tasks.map(({ id, state }) => [id, state]))).toEqual({
    bad: "failed",
    next: "skipped",
    slow: "failed",
    later: "skipped",
  });
});
