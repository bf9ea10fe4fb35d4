import { describe, expect, expectTypeOf, test } from "vitest";
import { chain, choice, dag, externalTask, gate, task } from "../index.ts";
import type { Handle } from "../index.ts";

const note = task(function note(text: string): string {
  return text;
});
const size = externalTask<[rows: number], "big" | "small">({ handler: "size_of", kind: "branch" });

/** What is not checked at compile time. */
const loose = (value: unknown): never => value as never;

function specOf(wire: () => void) {
  return dag("d", {}, wire).spec();
}

describe("an external task may be", () => {
  test("a branch, whose result names its cases", () => {
    const { tasks, edges } = specOf(() => {
      const noted = choice(size(3)).cases({ big: () => note("many"), small: () => {} });
      expectTypeOf(noted).toEqualTypeOf<Handle<string | undefined>>();
      note.with({ id: "told" })(noted as Handle<string>);
    });
    expect(tasks[0]).toMatchObject({
      kind: "external",
      handler: "size_of",
      control: "branch",
      cases: [
        { name: "big", taskIds: ["note"] },
        { name: "small", taskIds: ["told"] },
      ],
    });
    expect(edges).toContainEqual({ from: "size_of", to: "note", label: "big" });
  });

  test("a short circuit, which a gate takes", () => {
    const isOpen = externalTask<[day: string], boolean>({
      handler: "is_open",
      kind: "shortCircuit",
      skipsDirectOnly: true,
    });
    const { tasks, edges } = specOf(() => chain(gate(isOpen("2026-01-01")), note("open")));
    expect(tasks[0]).toMatchObject({ control: "short_circuit", skipsDirectOnly: true });
    expect(edges).toEqual([{ from: "is_open", to: "note", label: "" }]);
  });

  test("a sensor, whose result is what it is done with", () => {
    const wait = externalTask<[path: string], { rows: number }>({
      handler: "wait_for_file",
      queue: "python",
      kind: "sensor",
      mode: "reschedule",
      interval: "5m",
      timeout: "2h",
    });
    const { tasks } = specOf(() => {
      expectTypeOf(wait("/in")).toEqualTypeOf<Handle<{ rows: number }>>();
    });
    expect(tasks[0]).toMatchObject({
      control: "none",
      queue: "python",
      sensor: { mode: "reschedule", intervalMs: 300_000, timeoutMs: 7_200_000, softFail: false },
    });
  });

  test("the same kind with other options", () => {
    const { tasks } = specOf(() => {
      choice(size.with({ id: "again", retries: 2 })(1)).cases({ big: () => note(""), small() {} });
    });
    expect(tasks[0]).toMatchObject({ id: "again", control: "branch", retries: 2 });
  });
});

test("an external task has only the options of its kind", () => {
  expect(() => externalTask(loose({ handler: "h", interval: "5m" }))).toThrow(
    'task "h" has the unknown option "interval"',
  );
  expect(() => externalTask(loose({ handler: "h", kind: "sensor", isolation: "process" }))).toThrow(
    'task "h" has the unknown option "isolation"',
  );
  expect(() => externalTask(loose({ handler: "h", kind: "gate" }))).toThrow(
    'task "h": option "kind" is "gate"; it must be "task" or "branch" or "shortCircuit" or "sensor"',
  );
});

test("an external task whose result is no answer of its kind does not compile", () => {
  const wrong = (): void => {
    // @ts-expect-error a branch names its cases
    externalTask<[], string>({ handler: "h", kind: "branch" });
    // @ts-expect-error a number is no case
    externalTask<[], number>({ handler: "h", kind: "branch" });
    // @ts-expect-error a short circuit says true or false
    externalTask<[], string>({ handler: "h", kind: "shortCircuit" });
    // @ts-expect-error only sensors look again
    externalTask<[], string>({ handler: "h", interval: "5m" });
    // @ts-expect-error an unknown case
    dag("d", {}, () => void choice(size(1)).cases({ big() {}, small() {}, huge() {} }));
  };
  expectTypeOf(wrong).toBeFunction();
});
