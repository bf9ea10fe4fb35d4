/** The option `target`: what it may be, and what compiles; `tsc` judges the latter. */

import { describe, expect, expectTypeOf, test } from "vitest";
import { dag, defer, Dag, dag as wire, sensor, task, Task, trigger, branch } from "../index.ts";
import type { Handle, ReadableTarget, Target, Tasks } from "../index.ts";
import { targetOf } from "../wiring/code-of.ts";

type Row = { readonly id: number };
const file = (name: string): Target<never> => ({ name, exists: () => true });
const rowsIn = (name: string): ReadableTarget<Row[]> => ({ ...file(name), read: () => [] });

describe("a target is typed by its task", () => {
  test("it gets the task's arguments, and gives its value where the body does not run", () => {
    const write = task(
      { id: "write", target: (day) => file(day) },
      async function write(_day: string) {},
    );
    const extract = task(
      { id: "extract", target: (day) => rowsIn(day) },
      async function extract(day: string) {
        return [{ id: day.length }] as Row[];
      },
    );
    const later = task(
      { id: "later", target: async (day: string) => file(day), checkTarget: false },
      async function later(_day: string) {},
    );
    const made = dag("made", {}, () => {
      write("a");
      later.with({ retries: 1, target: (day) => file(day), checkTarget: false })("b");
      expectTypeOf(extract("c")).toEqualTypeOf<Handle<Row[]>>();
    });
    expect(made.spec().tasks.map(({ id }) => id)).toEqual(["write", "later", "extract"]);
    expect(targetOf(made, "write")).toMatchObject({ isChecked: true });
    expect(targetOf(made, "later")).toMatchObject({ isChecked: false });
    expect(targetOf(made, "nobody")).toBeUndefined();
  });

  test("one that waits has a target too", () => {
    const waits = task(
      { resume: (_event: undefined) => 1, target: (_n) => ({ exists: () => true, read: () => 2 }) },
      async function waits(_n: number) {
        return defer(trigger.after("1m"));
      },
    );
    expectTypeOf(waits.with({ retries: 1 }).body).returns.resolves.toBeObject();
  });

  test("as a method", () => {
    @Dag()
    class Made {
      @Task({ target: (day: string) => file(day) })
      async write(_day: string): Promise<void> {}

      wire(t: Tasks<Made>): void {
        t.write("a");
      }
    }
    expect(Made).toBeDefined();
  });

  test("what does not fit does not compile", () => {
    const wrong = (): void => {
      // @ts-expect-error the task has a value, and nobody says what it is where the body does not run
      task({ target: (day) => file(day) }, async function a(day: string) {
        return day.length;
      });
      // @ts-expect-error the target brings another value
      task({ target: (day) => rowsIn(day) }, async function b(day: string) {
        return day.length;
      });
      // @ts-expect-error another argument
      task({ target: (n: number) => file(String(n)) }, async function c(_day: string) {});
      // @ts-expect-error no target
      task({ target: (day) => day }, async function d(_day: string) {});
      // @ts-expect-error a sensor makes nothing
      sensor({ target: () => file("a") }, () => true);
      // @ts-expect-error a branch makes nothing
      branch({ target: () => file("a") }, () => "a" as const);

      class Wrong {
        // @ts-expect-error the method has a value
        @Task({ target: (day: string) => file(day) })
        async write(day: string): Promise<number> {
          return day.length;
        }
      }
      expect(Wrong).toBeDefined();
    };
    expect(wrong).toBeTypeOf("function");
  });
});

describe("a wrong option is refused with its field, its value and the remedy", () => {
  const body = function write(): void {};
  test.each<[string, object, string]>([
    [
      "no function",
      { target: "/a" },
      'task "write": option "target" is "/a"; it must be a function',
    ],
    [
      "no flag",
      { target: () => file("a"), checkTarget: "no" },
      'option "checkTarget" is "no"; it must be true or false',
    ],
    ["nothing to check", { checkTarget: false }, "left out where there is no option target"],
  ])("%s", (_name, options, message) => {
    expect(() => task(options as never, body)).toThrow(message);
  });

  test("of a DAG's defaults", () => {
    const options = { defaults: { target: () => file("a") } } as object;
    expect(() => wire("d", options, () => undefined)).toThrow('unknown option "target"');
  });
});
