import { describe, expect, test } from "vitest";
import { branch, chain, choice, dag, each, group, label, setup, task } from "../index.ts";
import type { Handle, Ordered, TaskOptions } from "../index.ts";

const pick = branch(function pick(size: number) {
  return size > 1 ? "big" : "small";
});
const work = task(function work(_input?: unknown): { n: number } {
  return { n: 1 };
});
const a = work.with({ id: "a" });
const b = work.with({ id: "b" });
const join = work.with({ id: "join" });

function specOf(wire: () => void) {
  return dag("d", {}, wire).spec();
}

/** What a DAG decides: its edges, the cases of `pick`, rules and arguments of `join`. */
function wired(wire: () => void) {
  const { tasks, edges } = specOf(wire);
  const joined = tasks.find(({ id }) => id === "join");
  return {
    edges: edges.map(
      ({ from, to, label }) => `${from} → ${to}${label === "" ? "" : ` (${label})`}`,
    ),
    cases: Object.fromEntries(
      tasks
        .filter(({ control }) => control === "branch")
        .map(({ id, cases }) => [
          id,
          Object.fromEntries(cases.map(({ name, taskIds }) => [name, taskIds])),
        ]),
    ),
    rule: joined?.triggerRule,
    args: JSON.parse(joined?.args ?? "null") as unknown,
  };
}

const ref = (id: string, ...path: string[]) => ({ $: "task", id, path });

describe("cases", () => {
  test("go on with the first tasks that they wire; their value is that of the one taken", () => {
    const { edges, cases, rule, args } = wired(() => {
      const taken = choice(pick(1)).cases({ big: () => b(a()), small: () => work() });
      join(taken.get("n"));
    });
    expect(edges).toEqual([
      "a → b",
      "b → join",
      "work → join",
      "pick → a (big)",
      "pick → work (small)",
    ]);
    expect(cases).toEqual({ pick: { big: ["a"], small: ["work"] } });
    expect(rule).toBe("none_failed_min_one_success");
    expect(args).toEqual([{ $: "first", of: [ref("b", "n"), ref("work", "n")] }]);
  });

  test("without values are an order, which a chain continues", () => {
    const { edges, rule } = wired(() => {
      const both = choice(pick(1)).cases({
        big: () => void a(),
        small: () => void b(),
      });
      chain(both, label("both"), join());
    });
    expect(edges).toEqual([
      "pick → a (big)",
      "pick → b (small)",
      "a → join (both)",
      "b → join (both)",
    ]);
    expect(rule).toBe("none_failed_min_one_success");
  });

  test("that wire nothing go on with what comes after", () => {
    const { edges, cases, rule, args } = wired(() => {
      join(choice(pick(1)).cases({ big: () => a(), small: () => {} }));
    });
    expect(edges).toEqual(["a → join", "pick → a (big)", "pick → join (small)"]);
    expect(cases).toEqual({ pick: { big: ["a"], small: ["join"] } });
    expect(rule).toBe("none_failed_min_one_success");
    expect(args).toEqual([ref("a")]);
  });

  test("that wire nothing with nothing after them go on with nothing", () => {
    const { edges, cases } = wired(() => {
      choice(pick(1)).cases({ big: () => void a(), small: () => {} });
    });
    expect(edges).toEqual(["pick → a (big)"]);
    expect(cases).toEqual({ pick: { big: ["a"], small: [] } });
  });

  test("without a value are waited for by who takes the value of another", () => {
    const { edges } = wired(() => {
      join(choice(pick(1)).cases({ big: () => a(), small: () => void b() }));
    });
    expect(edges).toEqual(["a → join", "pick → a (big)", "pick → b (small)", "b → join"]);
  });

  test("that return a task made before go on with it", () => {
    const { edges, cases, rule } = wired(() => {
      const late = join();
      choice(pick(1)).cases({ big: () => chainTo(a(), late), small: () => late });
    });
    expect(edges).toEqual(["a → join", "pick → join (small)", "pick → a (big)"]);
    expect(cases).toEqual({ pick: { big: ["a"], small: ["join"] } });
    expect(rule).toBe("all_success");
  });

  test("that return a group go on with its first tasks", () => {
    const { cases, edges } = wired(() => {
      const box = group("box", () => {
        chain(a(), b());
        work();
      });
      chain(choice(pick(1)).cases({ big: () => box, small: () => {} }), join());
    });
    expect(cases).toEqual({ pick: { big: ["box.a", "box.work"], small: ["join"] } });
    expect(edges.slice(3)).toEqual(["pick → join (small)", "box.b → join", "box.work → join"]);
  });

  test("may hold branches, whose values and empty cases reach what comes after all", () => {
    const { cases, args, edges } = wired(() => {
      const taken = choice(pick(1)).cases({
        big: () => a(),
        small: () => choice(pick(2)).cases({ big: () => b(), small: () => {} }),
      });
      join(taken);
    });
    expect(cases).toEqual({
      pick: { big: ["a"], small: ["pick__1"] },
      pick__1: { big: ["b"], small: ["join"] },
    });
    expect(args).toEqual([{ $: "first", of: [ref("a"), ref("b")] }]);
    expect(edges).toContain("pick__1 → join (small)");
    expect(edges).not.toContain("pick → b (small)");
  });

  test("in a group that returns their value, they are joined behind the group", () => {
    const { rule, edges } = wired(() => {
      const box = group("box", () =>
        choice(pick(1)).cases({ big: () => void a(), small: () => {} }),
      );
      chain(box, join());
    });
    expect(rule).toBe("none_failed_min_one_success");
    expect(edges).toEqual(["box.pick → box.a (big)", "box.pick → join (small)", "box.a → join"]);
  });

  test("stay apart in a mapped group, where each instance has its own", () => {
    const { tasks } = specOf(() => {
      group("g", each([1, 2]), (size) =>
        work(choice(pick(size)).cases({ big: () => a(), small: () => b() })),
      );
    });
    expect(tasks.map(({ id, triggerRule }) => `${id} ${triggerRule}`)).toEqual([
      "g.pick all_success",
      "g.a all_success",
      "g.b all_success",
      "g.work none_failed_min_one_success",
    ]);
  });

  test("with a scope inside end with its work, not with its release", () => {
    const { edges } = wired(() => {
      const taken = choice(pick(1)).cases({
        big: () => setup(a(), work, () => b()),
        small: () => {},
      });
      join(taken);
    });
    expect(edges.filter((edge) => edge.includes("join"))).toEqual([
      "b → join",
      "pick → join (small)",
    ]);
  });
});

describe("the rule of a join", () => {
  const ruleOf = (options: TaskOptions, defaults: Omit<TaskOptions, "id"> = {}) =>
    dag("d", { defaults }, () => {
      const taken = choice(pick(1)).cases({ big: () => a(), small: () => b() });
      join.with(options)(taken);
    })
      .spec()
      .tasks.at(-1)?.triggerRule;

  test("is the one it was given, wherever it was given", () => {
    expect(ruleOf({})).toBe("none_failed_min_one_success");
    expect(ruleOf({ triggerRule: "all_done" })).toBe("all_done");
    expect(ruleOf({}, { triggerRule: "none_failed" })).toBe("none_failed");
  });
});

describe("refused is", () => {
  test.each<[string, string, () => void]>([
    [
      "a task that is no branch",
      'choice(…) was given task "work", which is no branch; make it with branch(…)',
      () => choice(work() as unknown as Handle<"a">).cases({ a: () => {} }),
    ],
    [
      "a part of a result",
      'choice(…) in DAG "d" needs the handle that a call of a task returned',
      () => choice(work().get("n") as unknown as Handle<"a">).cases({ a: () => {} }),
    ],
    [
      "a mapped branch",
      'task "pick", which is mapped; put the branch and its cases into a mapped group',
      () => choice(pick(each([1]))).cases({ big: () => {}, small: () => {} }),
    ],
    [
      "a branch without cases",
      'task "pick" of DAG "d" is a branch without cases; say them with choice(…).cases({ … })',
      () => void pick(1),
    ],
    [
      "cases said twice",
      'the branch "pick" has its cases already',
      () => {
        const chosen = choice(pick(1));
        chosen.cases({ big: () => {}, small: () => {} });
        chosen.cases({ big: () => {}, small: () => {} });
      },
    ],
    [
      "the value of a task from before among new ones",
      'case "big" of branch "pick" wires tasks, but returns the value of "a", which is not among them',
      () => {
        const before = a();
        choice(pick(1)).cases({ big: () => (b(), before), small: () => {} });
      },
    ],
    [
      "a plain value",
      'case "big" of branch "pick" must return a handle, something in the order, or nothing',
      () => choice(pick(1)).cases({ big: () => 5 as unknown as Ordered, small: () => {} }),
    ],
    [
      "a promise",
      'the function of case "big" of branch "pick" returned a promise',
      () =>
        choice(pick(1)).cases({
          big: (() => Promise.resolve()) as unknown as () => Ordered,
          small: () => {},
        }),
    ],
    [
      "a branch from inside a mapped group",
      'uses the handle of task "g.pick" outside the mapped group "g"',
      () => {
        let kept: Handle<"big" | "small"> | undefined;
        group("g", each([1]), () => {
          kept = pick(1);
        });
        choice(kept!).cases({ big: () => {}, small: () => {} });
      },
    ],
  ])("%s", (_name, message, wire) => {
    expect(() => specOf(wire)).toThrow(message);
  });
});

function chainTo(from: Handle<unknown> | Ordered, to: Ordered): void {
  chain(from, to);
}
