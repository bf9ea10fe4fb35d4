import { compileDag, createRun, newEffects, transition, type RunEvent } from "@millrace/engine";
import { expect, test } from "vitest";
import { createInstanceFacts } from "./instance-facts.ts";
import { aDag, aTask, taskRef } from "../testing/dags.ts";

const compiled = compileDag(
  aDag("facts", ["list", aTask("m", { each: [{ sources: [taskRef("list")] }] })], ["list>m"]),
);

/** A run whose list has been told once to be so long; the facts follow it. */
function expanded(length: number) {
  const engine = createRun(compiled, { logicalDate: null, lengthOf: () => null });
  const facts = createInstanceFacts(engine);
  const happen = (event: RunEvent) => {
    const effects = newEffects();
    transition(engine, event, effects);
    facts.follow(effects.expanded);
  };
  const list = (attempt: number, size: number) => {
    happen({ kind: "taskGranted", ix: 0, mapIx: -1, at: 0 });
    const about = { ix: 0, mapIx: -1, attempt, at: 0, hasValue: true, choice: null };
    happen({ kind: "taskSucceeded", ...about, lengths: [size] });
  };
  happen({ kind: "runStarted", at: 0 });
  list(1, length);
  return { facts, happen, list };
}

test("knows instances that there were not when it was made", () => {
  const { facts } = expanded(3);
  facts.setReady({ ix: 1, from: 0, to: 3 }, 5);
  facts.setSession({ ix: 1, mapIx: 2 }, 7);
  expect([0, 1, 2].map((mapIx) => facts.readyAt({ ix: 1, mapIx }))).toEqual([5, 5, 5]);
  expect(facts.sessionKey({ ix: 1, mapIx: 2 })).toBe(7);
  expect(facts.sessionKey({ ix: 0, mapIx: -1 })).toBe(0);
});

test("keeps what it knows of instances when their task gets more of them", () => {
  const { facts, happen, list } = expanded(2);
  for (const mapIx of [0, 1]) {
    facts.setStarted({ ix: 1, mapIx }, 10 + mapIx);
    facts.setWait({ ix: 1, mapIx }, 20 + mapIx);
  }
  happen({ kind: "cleared", refs: [{ ix: 0, mapIx: -1 }], at: 0 });
  list(2, 5);
  expect([0, 1, 2].map((mapIx) => facts.startedAt({ ix: 1, mapIx }))).toEqual([10, 11, 0]);
  expect([0, 1, 2].map((mapIx) => facts.waitUntil({ ix: 1, mapIx }))).toEqual([20, 21, 0]);
});

test("forgets who ran an instance that begins anew", () => {
  const { facts } = expanded(1);
  const ref = { ix: 1, mapIx: 0 };
  facts.setSession(ref, 7);
  facts.setStarted(ref, 1);
  facts.clear(ref);
  expect([facts.sessionKey(ref), facts.startedAt(ref), facts.readyAt(ref)]).toEqual([0, 0, 0]);
});
