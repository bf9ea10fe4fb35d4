/** Words inside words, at random: whatever is wired from them is a sound DAG, and the same one each time. */

import {
  clearEffects,
  compileDag,
  createRun,
  eachInstance,
  instanceState,
  newEffects,
  runStateName,
  taskStateName,
  transition,
} from "@millrace/engine";
import type { DagSpec, TaskSpec } from "@millrace/engine";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  branch,
  chain,
  choice,
  dag,
  each,
  gate,
  group,
  setup,
  shortCircuit,
  task,
} from "../index.ts";
import type { Handle, Ordered } from "../index.ts";

/** A tree of words; each knows what is wired inside of it. */
type Word =
  | { readonly kind: "task" | "mapped" }
  | {
      readonly kind: "chain" | "group" | "mappedGroup" | "gate" | "setup";
      readonly inner: readonly Word[];
    }
  | { readonly kind: "branch"; readonly big: readonly Word[]; readonly small: readonly Word[] };

const { word } = fc.letrec<{ word: Word; words: Word[] }>((tie) => ({
  words: fc.array(tie("word"), { maxLength: 3 }),
  word: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ kind: fc.constantFrom("task" as const, "mapped" as const) }),
    fc.record({
      kind: fc.constantFrom("chain", "group", "mappedGroup", "gate", "setup"),
      inner: tie("words"),
    }) as fc.Arbitrary<Word>,
    fc.record({
      kind: fc.constant("branch" as const),
      big: tie("words"),
      small: tie("words"),
    }) as fc.Arbitrary<Word>,
  ),
}));

const work = task(function work(_input: unknown): string {
  return "";
});
const numbers = task(function numbers(): number[] {
  return [1];
});
const pick = branch(function pick() {
  return Math.random() > 2 ? "big" : "small";
});
const isOpen = shortCircuit(function is_open() {
  return true;
});

/** Wires words one after the other, by value where there is one, else by order. */
function wireAll(words: readonly Word[], given: unknown): Ordered | undefined {
  let last: Ordered | undefined;
  for (const one of words) {
    const next = wireOne(one, last ?? given);
    if (last !== undefined && next !== undefined) chain(last, next);
    last = next ?? last;
  }
  return last;
}

function wireOne(one: Word, given: unknown): Ordered | undefined {
  switch (one.kind) {
    case "task":
      return work(isHandle(given) ? given : null);
    case "mapped":
      return work(each([1, 2]));
    case "chain":
      return wireAll(one.inner, given);
    case "group":
      return group("box", () => (wireAll(one.inner, given), work("last")));
    case "mappedGroup":
      return group("each", each([1, 2]), (n) => (wireAll(one.inner, n), work(n)));
    case "gate":
      return gate(isOpen()).then(() => wireAll(one.inner, given)) as Ordered;
    case "setup":
      // What comes directly after a setup takes no rule but all_success, as joins would have.
      return setup(numbers(), work, () => {
        const first = work("first");
        chain(first, work("second"), wireAll(one.inner, null) ?? work("third"));
      });
    case "branch":
      return choice(pick()).cases({
        big: () => wireAll(one.big, null),
        small: () => wireAll(one.small, null),
      });
  }
}

function isHandle(value: unknown): value is Handle<unknown> {
  return typeof value === "object" && value !== null && "get" in value;
}

function definitionOf(words: readonly Word[]) {
  const end = work.with({ id: "end" });
  return dag("d", {}, () => {
    const begin = work.with({ id: "begin" })("begin");
    const last = wireAll(words, null);
    chain(begin, ...(last === undefined ? [] : [last]), end("end"));
  });
}

const words = fc.array(word, { maxLength: 4 });

/** A coin that falls as these do, again and again. */
const coins = fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }).map((sides) => {
  let thrown = 0;
  return () => sides[(thrown += 1) % sides.length] ?? false;
});

test("every wiring is a sound DAG whose branches lead to their cases", () => {
  fc.assert(
    fc.property(words, (words) => expectCasesToFollow(definitionOf(words).spec())),
    { numRuns: 100 },
  );
});

test("whichever cases are taken, what comes after them runs", () => {
  fc.assert(
    fc.property(words, coins, (words, coin) => {
      const { states, run } = play(definitionOf(words).spec(), coin, true);
      expect(states("end")).toEqual(["success"]);
      expect(states("begin")).toEqual(["success"]);
      expect(run).toBe("success");
    }),
    { numRuns: 100 },
  );
});

test("whatever gates hold back, the run comes to its end, and nothing has failed", () => {
  fc.assert(
    fc.property(words, coins, (words, coin) => {
      const spec = definitionOf(words).spec();
      const { states, run } = play(spec, coin, false);
      const all = new Set(spec.tasks.flatMap(({ id }) => states(id)));
      expect([...all].filter((state) => state !== "success" && state !== "skipped")).toEqual([]);
      expect(run).toBe("success");
    }),
    { numRuns: 100 },
  );
});

/** A case's tasks come directly after its branch, and no other case's task does without being named. */
function expectCasesToFollow({ tasks, edges }: DagSpec): void {
  for (const { id, control, cases } of tasks) {
    if (control !== "branch") continue;
    const after = new Set(edges.filter(({ from }) => from === id).map(({ to }) => to));
    const chosen = new Set(cases.flatMap(({ taskIds }) => taskIds));
    expect([...chosen].filter((one) => !after.has(one))).toEqual([]);
  }
}

/** Runs a DAG on the engine; every body succeeds, branches and gates are decided by coins. */
function play(spec: DagSpec, coin: () => boolean, areGatesOpen: boolean) {
  const compiled = compileDag(spec);
  const run = createRun(compiled);
  const effects = newEffects();
  const choiceOf = ({ control }: TaskSpec): string[] | null => {
    if (control === "branch") return [coin() ? "big" : "small"];
    if (control === "none") return null;
    return areGatesOpen || coin() ? ["continue"] : [];
  };
  transition(run, { kind: "runStarted", at: 0 }, effects);
  while (effects.ready.length > 0) {
    const ready = effects.ready.flatMap(({ ix, from, to }) =>
      Array.from({ length: to - from }, (_, offset) => ({ ix, mapIx: from + offset, at: 0 })),
    );
    clearEffects(effects);
    for (const about of ready) {
      const choice = choiceOf(compiled.tasks[about.ix]!);
      const outcome = { attempt: 1, hasValue: true, lengths: [], choice };
      transition(run, { kind: "taskGranted", ...about }, effects);
      transition(run, { kind: "taskSucceeded", ...about, ...outcome }, effects);
    }
  }
  const states = new Map<string, string[]>(spec.tasks.map(({ id }) => [id, []]));
  eachInstance(run, (_slot, ix, mapIx) => {
    states.get(compiled.taskIds[ix]!)?.push(taskStateName(instanceState(run, ix, mapIx)));
  });
  return { states: (id: string) => states.get(id) ?? [], run: runStateName(run.state) };
}
