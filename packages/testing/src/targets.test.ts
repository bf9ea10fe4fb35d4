/** Tasks whose target exists do not run; those whose target does not appear fail. */

import { context, dag, defer, each, task, trigger } from "@millrace/sdk";
import type { ReadableTarget } from "@millrace/sdk";
import { beforeEach, describe, expect, test } from "vitest";
import { ok, runDag, startDag } from "./index.ts";

/** What is there, by name. */
const things = new Map<string, number>();
const bodies: string[] = [];
beforeEach(() => {
  things.clear();
  bodies.length = 0;
});

function thing(name: string): ReadableTarget<number> {
  return { name, exists: () => things.has(name), read: async () => things.get(name) ?? -1 };
}

const make = task(
  { target: (name) => thing(name), retries: 1, retryDelay: "1m" },
  async function make(name: string): Promise<number> {
    bodies.push(name);
    things.set(name, name.length);
    return name.length;
  },
);
const double = task(function double(n: number) {
  return n * 2;
});

describe("a task whose target exists", () => {
  const making = dag("making", {}, () => double(make("abc")));

  test("is not run, succeeds, has the target's value, and says so", async () => {
    things.set("abc", 10);
    const done = await runDag(making);
    expect(bodies).toEqual([]);
    expect(done.state).toBe("success");
    expect(done.result).toBe(20);
    expect(done.xcom("make", "millrace.existing_target")).toBe("abc");
    expect(
      done
        .task("make")
        .logs.map(({ message }) => message)
        .join(),
    ).toContain("The target abc exists: the body was not run.");
  });

  test("is run where it does not, and leaves no such mark", async () => {
    const done = await runDag(making);
    expect(bodies).toEqual(["abc"]);
    expect(done.result).toBe(6);
    expect(done.xcom("make", "millrace.existing_target")).toBeUndefined();
  });

  test("is not run again when it is cleared, until the target is gone", async () => {
    const run = startDag(making);
    await run.finish();
    run.clear({ tasks: ["make"], downstream: true });
    await run.finish();
    expect(bodies).toEqual(["abc"]);
    things.clear();
    run.clear({ tasks: ["make"], downstream: true });
    await run.finish();
    expect(bodies).toEqual(["abc", "abc"]);
  });

  test("each instance of a mapped task has its own", async () => {
    things.set("bb", 7);
    const names = task(function names() {
      return ["a", "bb", "ccc"];
    });
    const done = await runDag(dag("mapped", {}, () => make(each(names()))));
    expect(bodies.toSorted()).toEqual(["a", "ccc"]);
    expect(done.result).toEqual([1, 7, 3]);
  });
});

describe("a task whose target does not exist when its body is done", () => {
  const forget = { target: () => thing("x") };

  test("fails, and is retried as any", async () => {
    const body = (): number => bodies.push("x");
    const lazy = task({ ...forget, retries: 1, retryDelay: "1m" }, function lazy() {
      return body();
    });
    const done = await runDag(dag("lazy", {}, () => lazy()));
    expect(done.state).toBe("failed");
    expect(bodies).toEqual(["x", "x"]);
    expect(done.task("lazy").failure).toMatchObject({
      type: "TargetMissing",
      message: expect.stringContaining(
        "its target x does not exist. Write it in the body",
      ) as string,
    });
  });

  test("succeeds where it is said not to check", async () => {
    const lazy = task({ ...forget, id: "lazy", checkTarget: false }, () => 1);
    expect((await runDag(dag("lazy", {}, () => lazy()))).state).toBe("success");
  });

  test("after a wait too", async () => {
    const waits = task({ target: () => ({ exists: () => false }) }, async function waits() {
      return defer(trigger.after("1m"));
    });
    const done = await runDag(dag("waiting", {}, () => waits()));
    expect(done.task("waits").failure?.type).toBe("TargetMissing");
    expect(done.task("waits").failure?.message).toContain("its target without a name");
  });
});

test("what a target throws fails the attempt", async () => {
  const broken = task(
    {
      target() {
        return {
          exists(): boolean {
            throw new Error(`no right to look, in ${context().task.id}`);
          },
        };
      },
    },
    function broken(): void {},
  );
  const done = await runDag(dag("broken", {}, () => broken()));
  expect(done.task("broken").failure?.message).toBe("no right to look, in broken");
});

test("what is no target, and no answer, is said", async () => {
  const none = task({ target: () => "a" as never }, function none(): void {});
  const vague = task(
    { id: "vague", target: () => ({ name: "v", exists: () => 1 as never }) },
    () => undefined,
  );
  const done = await runDag(
    dag("wrong", {}, () => {
      none();
      vague();
    }),
  );
  expect(done.task("none").failure?.message).toContain(
    'option target of task "none" returned string',
  );
  expect(done.task("vague").failure?.message).toContain("exists() of the target v of task");
});

test("an outcome of a test stands for the whole task", async () => {
  things.set("abc", 10);
  const making = dag("making", {}, () => make("abc"));
  const run = startDag(making, { outcomes: { make: ok(3) } });
  await run.finish();
  expect(run.result).toBe(3);
});
