import { describe, expect, test } from "vitest";
import { chain, dag, gate, label, setup, shortCircuit, task } from "../index.ts";
import type { Handle } from "../index.ts";

const isReady = shortCircuit(function is_ready(_day: string) {
  return true;
});
const work = task(function work(_input?: unknown): number {
  return 1;
});
const [a, b, c] = ["a", "b", "c"].map((id) => work.with({ id })) as [Work, Work, Work];
type Work = typeof work;

function edgesOf(wire: () => void): string[] {
  return dag("d", {}, wire)
    .spec()
    .edges.map(({ from, to, label }) => `${from} → ${to}${label === "" ? "" : ` (${label})`}`);
}

describe("a short circuit", () => {
  test("says in the spec what it is, and keeps that with other options", () => {
    const { tasks } = dag("d", {}, () => {
      isReady("a");
      isReady.with({ id: "direct", skipsDirectOnly: true, retries: 2 })("b");
    }).spec();
    expect(tasks).toMatchObject([
      { id: "is_ready", control: "short_circuit", skipsDirectOnly: false, cases: [] },
      { id: "direct", control: "short_circuit", skipsDirectOnly: true, retries: 2 },
    ]);
  });

  test("is a gate for all that a function wires", () => {
    expect(
      edgesOf(() => {
        const through = gate(isReady("d")).then(() => {
          chain(a(), b());
          return c();
        });
        work(through);
      }),
    ).toEqual(["c → work", "a → b", "is_ready → a", "is_ready → c"]);
  });

  test("stands in a chain as a whole with what it lets through", () => {
    expect(
      edgesOf(() => {
        const through = gate(isReady("d")).then(() => {
          chain(a(), b());
        });
        chain(work(), through, label("late"), c());
      }),
    ).toEqual(["a → b", "is_ready → a", "work → is_ready", "b → c (late)"]);
  });

  test("is a place in a chain by itself", () => {
    expect(edgesOf(() => chain(gate(isReady("d")), [a(), b()]))).toEqual([
      "is_ready → a",
      "is_ready → b",
    ]);
  });

  test("that lets nothing through is its own end", () => {
    expect(
      edgesOf(() =>
        chain(
          gate(isReady("d")).then(() => {}),
          a(),
        ),
      ),
    ).toEqual(["is_ready → a"]);
  });

  test("is no promise, though it has a then", () => {
    expect(() => dag("d", {}, () => gate(isReady("d"))).spec()).not.toThrow();
  });

  test("refuses what is none, and wrong options", () => {
    const wrong = () => void gate(work() as unknown as Handle<boolean>);
    expect(() => edgesOf(wrong)).toThrow(
      'gate(…) was given task "work", which is no short circuit; make it with shortCircuit(…)',
    );
    const options = { skipsDirectOnly: "yes" as unknown as boolean };
    expect(() => isReady.with(options)).toThrow(
      'shortCircuit "is_ready": option "skipsDirectOnly" is "yes"; it must be true or false',
    );
  });
});

describe("labels", () => {
  test("are on the arrows between their neighbours, also on arrows of data", () => {
    expect(
      edgesOf(() => {
        const from = a();
        chain(from, label("rows"), b(from), c());
      }),
    ).toEqual(["a → b (rows)", "b → c"]);
  });

  test.each<[string, () => void]>([
    ["first", () => chain(label("x"), a())],
    ["last", () => chain(a(), label("x"))],
    ["beside another", () => chain(a(), label("x"), label("y"), b())],
  ])("a label %s is refused", (_where, wire) => {
    expect(() => edgesOf(wire)).toThrow("must stand between two things, and by itself");
  });

  test("an empty one is refused", () => {
    expect(() => label("")).toThrow("label(…) needs a text that is not empty");
  });
});

const acquire = work.with({ id: "acquire" });
const release = work.with({ id: "release" });

describe("a scope", () => {
  const tasksOf = (wire: () => void) => dag("d", {}, wire).spec().tasks;

  test("makes a setup, work, and a teardown that follows whatever happens", () => {
    const tasks = tasksOf(() => {
      setup(acquire(), release, (got) => b(a(got)));
    });
    expect(
      tasks.map(({ id, role, triggerRule, failsRun }) => [id, role, triggerRule, failsRun]),
    ).toEqual([
      ["acquire", "setup", "all_success", false],
      ["a", "work", "all_success", false],
      ["b", "work", "all_success", false],
      ["release", "teardown", "all_done_setup_success", false],
    ]);
    expect(JSON.parse(tasks[3]?.args ?? "")).toEqual([{ $: "task", id: "acquire", path: [] }]);
  });

  test("begins with the setup and ends with the work: nobody waits for the release", () => {
    expect(
      edgesOf(() => {
        const scope = setup(acquire(), release, () => {
          chain(a(), b());
        });
        chain(work(), scope, c());
      }),
    ).toEqual([
      "acquire → release",
      "a → b",
      "acquire → a",
      "b → release",
      "work → acquire",
      "b → c",
    ]);
  });

  test("without work is its setup and its teardown", () => {
    expect(
      edgesOf(() =>
        chain(
          setup(acquire(), release, () => {}),
          c(),
        ),
      ),
    ).toEqual(["acquire → release", "acquire → c"]);
  });

  test("may hold another, which ends inside of it", () => {
    expect(
      edgesOf(() => {
        setup(acquire(), release, () =>
          setup(acquire.with({ id: "inner" })(), release.with({ id: "end" }), () => a()),
        );
      }),
    ).toEqual([
      "inner → end",
      "acquire → release",
      "inner → a",
      "a → end",
      "acquire → inner",
      "a → release",
    ]);
  });

  test("is released by several tasks, whose failure fails the run when it is told to", () => {
    const tasks = tasksOf(() => {
      const options = { failsRun: true };
      setup(
        options,
        acquire(),
        (got) => c(b(got)),
        () => a(),
      );
    });
    expect(tasks.map(({ id, role, failsRun }) => `${id} ${role} ${failsRun}`)).toEqual([
      "acquire setup false",
      "a work false",
      "b teardown true",
      "c teardown true",
    ]);
  });

  test.each<[string, string, () => void]>([
    [
      "nothing that releases",
      'setup "acquire" of DAG "d" wires nothing that releases it',
      () =>
        setup(
          acquire(),
          () => {},
          () => a(),
        ),
    ],
    [
      "another rule of the release",
      'task "release" of DAG "d" releases a setup, and has the trigger rule "always"',
      () => setup(acquire(), release.with({ triggerRule: "always" }), () => a()),
    ],
    [
      "a task in two roles",
      'task "release" of DAG "d" is both teardown and setup',
      () => {
        let last: Handle<number> | undefined;
        setup(
          acquire(),
          (got) => (last = release(got)),
          () => a(),
        );
        setup(last!, release, () => b());
      },
    ],
    [
      "a part of what was acquired",
      'setup(…) in DAG "d" needs the handle that a call of a task returned',
      () => setup(a().get as unknown as Handle<number>, release, () => a()),
    ],
  ])("with %s is refused", (_what, message, wire) => {
    expect(() => edgesOf(wire)).toThrow(message);
  });
});
