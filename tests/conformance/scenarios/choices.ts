/** Branches and short circuits: what a body returned chooses what follows, and is the task's value all the same. */

import { FailureKind, TaskControl } from "@millrace/wire/v1";
import type { Succeeded } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { Bench, notesIn, succeededOf, valueOf } from "../bench.ts";
import type { WorkerUnderTest } from "../workers/table.ts";

const branch = { control: TaskControl.BRANCH, cases: ["big", "small", "tiny"] };
const shortCircuit = { control: TaskControl.SHORT_CIRCUIT };

export function choices(worker: WorkerUnderTest): void {
  test("a branch chooses one case, several or none, and returns what it returned", async () => {
    await using bench = await Bench.start(worker);
    const cases: [string, unknown, string[]][] = [
      ["one", "big", ["big"]],
      ["several", ["tiny", "big"], ["tiny", "big"]],
      ["none of a list", [], []],
      ["the same twice", ["big", "big"], ["big"]],
    ];
    for (const [id, value] of cases) bench.server.assign(bench.task(id, "echo", [value], branch));
    for (const [id, value, chosen] of cases) {
      const result = await bench.server.result(id);
      expect(chosenOf(succeededOf(result)), id).toEqual(chosen);
      expect(valueOf(result), id).toEqual(value);
    }
  });

  test("a branch that returns nothing chooses none", async () => {
    await using bench = await Bench.start(worker);
    bench.server.assign(bench.task("a1", "echo", [{ $: "undefined" }], branch));
    const succeeded = succeededOf(await bench.server.result("a1"));
    expect(chosenOf(succeeded)).toEqual([]);
    expect(succeeded.returnValue).toBeUndefined();
  });

  test("a branch that returns anything else fails for good, and says what it returned or may choose", async () => {
    await using bench = await Bench.start(worker);
    const cases: [string, unknown, RegExp][] = [
      ["an unknown case", "huge", /huge.*big, small, tiny/],
      ["a list with one", ["big", "huge"], /huge.*big, small, tiny/],
      ["a number", 3, /3|number/],
      ["a list with a number", ["big", 3], /3|number/],
      ["an object", { big: true }, /big|object/],
    ];
    for (const [id, value] of cases) bench.server.assign(bench.task(id, "echo", [value], branch));
    for (const [id, , message] of cases) {
      const { outcome } = await bench.server.result(id);
      const failure = { kind: FailureKind.APPLICATION, retryable: false };
      expect(outcome, id).toMatchObject({ case: "failed", value: failure });
      expect(outcome.value, id).toMatchObject({ message: expect.stringMatching(message) });
    }
  });

  test("a short circuit goes on with true and skips with false, and both are its value", async () => {
    await using bench = await Bench.start(worker);
    bench.server.assign(bench.task("a1", "echo", [true], shortCircuit));
    bench.server.assign(bench.task("a2", "echo", [false], shortCircuit));
    const [on, off] = [await bench.server.result("a1"), await bench.server.result("a2")];
    expect(chosenOf(succeededOf(on))).toEqual(["continue"]);
    expect(chosenOf(succeededOf(off))).toEqual([]);
    expect([valueOf(on), valueOf(off)]).toEqual([true, false]);
  });

  test("a task that chooses nothing has no choice", async () => {
    await using bench = await Bench.start(worker);
    bench.server.assign(bench.task("a1", "echo", ["big"]));
    expect(succeededOf(await bench.server.result("a1")).choice).toBeUndefined();
  });

  test("a branch that skips itself is skipped", async () => {
    await using bench = await Bench.start(worker);
    bench.server.assign(bench.task("a1", "skip", ["a holiday"], branch));
    expect((await bench.server.result("a1")).outcome.case).toBe("skipped");
  });

  test("a control that it does not know is a failure to prepare: the body does not run", async () => {
    await using bench = await Bench.start(worker);
    const control = 99 as TaskControl;
    bench.server.assign(bench.task("a1", "watch", [bench.folder], { control }));
    const { outcome } = await bench.server.result("a1");
    expect(outcome).toMatchObject({ case: "failed", value: { kind: FailureKind.SETUP } });
    expect(notesIn(bench.folder)).toEqual([]);
  });
}

function chosenOf({ choice }: Succeeded): readonly string[] | undefined {
  return choice?.cases;
}
