/** The reference against the table of semantics A.1, which was checked against upstream's own 81 rows. */
import { describe, expect, test } from "vitest";
import type { TriggerRule } from "../../spec/spec.ts";
import { triggerRules } from "../../spec/spec.ts";
import type { TaskStateName } from "../../spec/states.ts";
import { phaseA, phaseB, tallyOf } from "./trigger-rules.ts";

const letters: Readonly<Record<string, TaskStateName>> = {
  S: "success",
  F: "failed",
  K: "skipped",
  U: "upstream_failed",
  R: "removed",
  "–": "running",
};

const pairs = "SS S– F– K– U– SF SK SU FF FU UU FK KK KU SR KR RR".split(" ");

/** As written there, but for the cells of `fixed`. */
const table: Readonly<Record<TriggerRule, string>> = {
  all_success: "RUN wait UF SK UF UF SK UF UF UF UF UF SK UF wait SK wait",
  all_failed: "SK SK wait SK wait SK SK SK RUN RUN RUN SK SK SK SK SK wait",
  all_done: "RUN wait wait wait wait RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN",
  all_done_min_one_success: "RUN wait wait SK wait RUN SK RUN UF UF UF SK SK SK RUN SK UF",
  all_done_setup_success: "RUN wait wait wait wait RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN",
  one_success: "RUN RUN wait wait wait RUN RUN RUN UF UF UF UF SK UF RUN UF UF",
  one_failed: "SK wait RUN wait RUN RUN SK RUN RUN RUN RUN RUN SK RUN SK SK SK",
  one_done: "RUN RUN RUN wait wait RUN RUN RUN RUN RUN SK RUN SK SK RUN SK SK",
  none_failed: "RUN wait UF wait UF UF RUN UF UF UF UF UF RUN UF wait wait wait",
  none_failed_min_one_success: "RUN wait UF wait UF UF RUN UF UF UF UF UF SK UF wait wait wait",
  none_skipped: "RUN wait wait SK wait RUN SK RUN RUN RUN RUN SK SK SK RUN SK RUN",
  all_skipped: "SK SK SK wait SK SK SK SK SK SK SK SK RUN SK SK wait wait",
  always: "RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN RUN",
};

/** Where Airflow waits for ever: what is removed is not waited for here. */
const fixed: Readonly<Record<string, string>> = {
  "all_success SR": "RUN",
  "all_success RR": "RUN",
  "all_failed RR": "RUN",
  "none_failed SR": "RUN",
  "none_failed KR": "RUN",
  "none_failed RR": "RUN",
  "none_failed_min_one_success SR": "RUN",
  "none_failed_min_one_success KR": "SK",
  "none_failed_min_one_success RR": "SK",
  "all_skipped KR": "RUN",
  "all_skipped RR": "RUN",
};

function outcome(rule: TriggerRule, pair: string): string {
  const of = tallyOf(Array.from(pair, (letter) => ({ state: letters[letter]!, isSetup: false })));

  const eager = phaseA(rule, of);
  if (eager) return { skipped: "SK", upstream_failed: "UF" }[eager];
  return phaseB(rule, of) ? "RUN" : "wait";
}

describe.each(triggerRules)("%s", (rule) => {
  const cells = table[rule].split(" ");
  test.each(pairs.map((pair, at) => [pair, fixed[`${rule} ${pair}`] ?? cells[at]!] as const))(
    "%s: %s",
    (pair, expected) => {
      expect(outcome(rule, pair)).toBe(expected);
    },
  );
});
