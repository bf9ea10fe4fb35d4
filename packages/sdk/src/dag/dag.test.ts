import { describe, expect, test } from "vitest";
import {
  chain,
  continuous,
  cron,
  cronInterval,
  dag,
  delta,
  deltaInterval,
  events,
  externalTask,
  group,
  once,
  task,
} from "../index.ts";
import type { Handle, Run, ScheduleOption } from "../index.ts";
import { bodyOf, isDag } from "../spec.ts";

const extract = task(async function extract(day: string) {
  return [{ day }];
});
const load = task(async function load(rows: readonly { day: string }[]) {
  return rows.length;
});
const say = task(function say(_text: unknown) {});

function specOf(wire: (run: Run) => void) {
  return dag("etl", {}, wire).spec();
}

function argsOf(wire: (run: Run) => void): unknown {
  return JSON.parse(specOf(wire).tasks.at(-1)?.args ?? "null");
}

function edgesOf(wire: (run: Run) => void): string[] {
  return specOf(wire).edges.map(({ from, to }) => `${from} → ${to}`);
}

describe("nodes", () => {
  test("are numbered in the order of calls, and a second call gets a suffix", () => {
    const { tasks } = specOf(() => {
      load(extract("a"));
      extract("b");
      extract("c");
    });
    expect(tasks.map(({ id }) => id)).toEqual(["extract", "load", "extract__1", "extract__2"]);
  });

  test("name the function a worker loads", () => {
    const etl = dag("etl", {}, () => {
      extract("a");
      extract("b");
      externalTask<[], null>({ handler: "score", id: "scored" })();
    });
    expect(etl.spec().tasks.map(({ kind, handler }) => `${kind} ${handler}`)).toEqual([
      "bundle extract",
      "bundle extract__1",
      "external score",
    ]);
    expect(bodyOf(etl, "extract__1")).toBe(extract.body);
    expect(() => bodyOf(etl, "scored")).toThrow('DAG "etl" has no TypeScript task "scored"');
  });

  test("with makes the same task with other options", () => {
    const twice = extract.with({ retries: 2 }).with({ id: "again", queue: "big" });
    const [first, again] = specOf(() => {
      extract("a");
      twice("b");
    }).tasks;
    expect([first?.id, first?.retries, first?.queue]).toEqual(["extract", 0, "default"]);
    expect([again?.id, again?.retries, again?.queue]).toEqual(["again", 2, "big"]);
  });
});

describe("arguments", () => {
  test("carry values, and references in their place", () => {
    expect(
      argsOf((run) => {
        const rows = extract(run.ds);
        say({ plain: [1, new Date(0)], deep: [{ rows }], first: rows.get(0).get("day") });
      }),
    ).toEqual([
      {
        plain: [1, { $: "date", v: "1970-01-01T00:00:00.000Z" }],
        deep: [{ rows: { $: "task", id: "extract", path: [] } }],
        first: { $: "task", id: "extract", path: [0, "day"] },
      },
    ]);
  });

  test("reach every fact of the run", () => {
    expect(argsOf((run) => say([run.id, run.dataInterval, run.params]))).toEqual([
      [
        { $: "run", path: ["id"] },
        {
          start: { $: "run", path: ["dataInterval", "start"] },
          end: { $: "run", path: ["dataInterval", "end"] },
        },
        { $: "run", path: ["params"] },
      ],
    ]);
  });

  test("that cannot be carried are refused with task and place", () => {
    expect(() => specOf(() => say({ parse: () => 1 }))).toThrow(
      'argument 1 of task "say" of DAG "etl".parse is a function',
    );
  });

  test("a handle has no text and no JSON while the DAG is wired", () => {
    expect(() => specOf((run) => extract(`${run.ds as unknown as string}!`))).toThrow(
      "run.ds has no value while the DAG is wired; pass it to a task as an argument",
    );
    expect(() => specOf(() => say(JSON.stringify(extract("a"))))).toThrow(
      'the result of task "extract" has no value',
    );
  });
});

describe("edges", () => {
  test("come from handles, once for each pair", () => {
    expect(
      edgesOf(() => {
        const rows = extract("a");
        say([rows, rows.get(0), rows]);
      }),
    ).toEqual(["extract → say"]);
  });

  test("come from chain, before and after", () => {
    expect(
      edgesOf(() => {
        const [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map((id) => say.with({ id })(id));
        chain(a!, [b!, c!], d!);
        e!.after(d!).before(say.with({ id: "f" })("f"));
      }),
    ).toEqual(["a → b", "a → c", "b → d", "c → d", "d → e", "e → f"]);
  });

  test("two lists side by side in a chain are paired", () => {
    const four = () => ["a", "b", "c", "d"].map((id) => say.with({ id })(id)) as Four;
    type Four = [Handle<void>, Handle<void>, Handle<void>, Handle<void>];
    expect(
      edgesOf(() => {
        const [a, b, c, d] = four();
        chain([a, b], [c, d]);
      }),
    ).toEqual(["a → c", "b → d"]);
    expect(() =>
      edgesOf(() => {
        const [a, b, c, d] = four();
        chain([a, b, c], [d]);
      }),
    ).toThrow("the lists at positions 1 and 2 have 3 and 1 elements");
  });

  test("in a circle are refused with the path", () => {
    const wire = () => {
      const rows = extract("a");
      rows.after(load(rows));
    };
    expect(() => specOf(wire)).toThrow(/extract.*load.*extract|load.*extract.*load/);
  });
});

describe("groups", () => {
  test("prefix ids, nest, and give a repeated name a suffix", () => {
    const { tasks, groups } = specOf(() => {
      const ingest = () =>
        group("ingest", { tooltip: "in" }, () => group("deep", () => extract("a")));
      load(ingest());
      ingest();
    });
    expect(tasks.map(({ id, groupId }) => [id, groupId])).toEqual([
      ["ingest.deep.extract", "ingest.deep"],
      ["load", null],
      ["ingest__1.deep.extract", "ingest__1.deep"],
    ]);
    expect(groups.slice(0, 2)).toEqual([
      { id: "ingest", parentId: null, tooltip: "in", each: [] },
      { id: "ingest.deep", parentId: "ingest", tooltip: "", each: [] },
    ]);
  });

  test("stand in the order with their roots and leaves", () => {
    expect(
      edgesOf(() => {
        const start = say.with({ id: "start" })("a");
        const box = group("box", () => {
          const a = say.with({ id: "a" })("a");
          chain(a, say.with({ id: "b" })("b"));
          say.with({ id: "c" })("c");
        });
        chain(start, box, say.with({ id: "end" })("z"));
      }),
    ).toEqual(["box.a → box.b", "start → box.a", "start → box.c", "box.b → end", "box.c → end"]);
  });

  test("a group that returns a handle passes its value, and stands in the order as a whole", () => {
    expect(
      edgesOf(() => {
        const box = group("box", () => load(extract("a")));
        say(box);
        chain(say.with({ id: "start" })("a"), box);
      }),
    ).toEqual(["box.extract → box.load", "box.load → say", "start → box.extract"]);
  });

  test("refuse an id with a dot, and an order without tasks", () => {
    expect(() => specOf(() => group("a.b", () => extract("a")))).toThrow("no dot");
    expect(() =>
      specOf(() =>
        chain(
          extract("a"),
          group("g", () => {}),
        ),
      ),
    ).toThrow('group "g" of DAG "etl" has a place in the order but no tasks');
  });
});

describe("a DAG is refused", () => {
  test("when its wire function returns a promise", () => {
    const wire = (async () => {
      extract("a");
    }) as unknown as () => void;
    expect(() => specOf(wire)).toThrow('the wire function of DAG "etl" returned a promise');
  });

  test("when two compilations differ, with the first difference", () => {
    let calls = 0;
    expect(() => specOf(() => extract(`day ${(calls += 1)}`))).toThrow(
      'compiles differently each time: tasks[0].args is "[\\"day 1\\"]", then "[\\"day 2\\"]"',
    );
  });

  test("when it uses a handle of another wiring", () => {
    let kept: Handle<{ day: string }[]> | undefined;
    const wire = () => {
      kept ??= extract("a");
      load(kept);
    };
    expect(() => specOf(wire)).toThrow(
      'uses a handle of task "extract" that was made by another wiring',
    );
  });

  test("when it has no tasks", () => {
    expect(() => specOf(() => {})).toThrow(/task/);
  });
});

describe("outside a dag", () => {
  test("calling a task says what to do instead", () => {
    expect(() => extract("a")).toThrow(
      'task "extract" (in a unit test, call extract.body(…) instead) was called outside a dag',
    );
  });

  test("chain, group, and order after the wiring are refused", () => {
    let late: Handle<unknown> | undefined;
    specOf(() => (late = extract("a")) && undefined);
    expect(() => chain()).toThrow("chain(…) was called outside a dag");
    expect(() => group("g", () => {})).toThrow('group("g") was called outside a dag');
    expect(() => late?.after(late)).toThrow("only while the wire function runs");
  });

  test("a wiring that throws leaves nothing behind", () => {
    expect(() =>
      specOf(() => {
        throw new Error("boom");
      }),
    ).toThrow("boom");
    expect(() => extract("a")).toThrow("outside a dag");
  });
});

describe("a schedule", () => {
  const plain = { intervalMs: 0, jitterMs: 0, runImmediately: null };
  const scheduleOf = (schedule: ScheduleOption | null) =>
    dag("d", { schedule, timezone: "Europe/Berlin", maxActiveRuns: 1 }, () => say("x")).spec()
      .schedule;

  test.each<[string, ScheduleOption | null, object | null]>([
    ["nothing", null, null],
    ["a preset", "@daily", { kind: "cron", expressions: ["@daily"], ...plain }],
    ["@once", "@once", { kind: "once" }],
    ["@continuous", "@continuous", { kind: "continuous" }],
    ["a zone of its own", cron("0 2 * * *", { timezone: "UTC" }), { timezone: "UTC" }],
    [
      "several expressions and all options",
      cron(["@daily", "0 2 * * *"], { jitter: "5m", interval: "1d", runImmediately: "1h" }),
      {
        ...{ kind: "cron", expressions: ["@daily", "0 2 * * *"], timezone: "Europe/Berlin" },
        ...{ jitterMs: 300_000, intervalMs: 86_400_000, runImmediately: 3_600_000 },
      },
    ],
    ["never at once", cron("@daily", { runImmediately: false }), { runImmediately: 0 }],
    ["always at once", cron("@daily", { runImmediately: true }), { runImmediately: true }],
    [
      "intervals of a clock",
      cronInterval("@daily"),
      { kind: "cron_interval", expression: "@daily", timezone: "Europe/Berlin" },
    ],
    ["a length of time", delta("90m"), { kind: "delta", everyMs: 5_400_000 }],
    ["intervals of a length", deltaInterval("1d"), { kind: "delta_interval", everyMs: 86_400_000 }],
    ["one run", once(), { kind: "once" }],
    ["no pause", continuous(), { kind: "continuous" }],
    [
      "moments in any order, each once",
      events(["2026-01-02T00:00Z", new Date(0), "2026-01-02T01:00+01:00"]),
      { kind: "events", at: [0, Date.UTC(2026, 0, 2)] },
    ],
  ])("can be %s, in the DAG's zone unless it has its own", (_, option, expected) => {
    const schedule = scheduleOf(option);
    if (expected === null) expect(schedule).toBeNull();
    else expect(schedule).toMatchObject(expected);
  });

  test("that is none is refused with what it may be", () => {
    expect(() => scheduleOf("every day")).toThrow(/every day/);
    expect(() => scheduleOf(5 as never)).toThrow(/option "schedule" is 5.*delta\(…\)/);
    expect(() => scheduleOf({ kind: "moon" } as never)).toThrow(/moon/);
    expect(() => cron("@daily", { jitter: "soon" })).toThrow(/jitter.*soon/);
    expect(() => cron("@daily", { tz: "UTC" } as never)).toThrow(/unknown option "tz"/);
    expect(() => delta("0s")).toThrow(/delta.*0s/);
    expect(() => events(["2026-01-01"])).toThrow(/events: date 0.*zone/);
  });
});

test("where a DAG came from is told by whoever compiles it; docs of the options win", () => {
  const origin = { file: "etl.ts", source: "…", bundleDigest: "ab".repeat(32), docs: "from file" };
  const plain = dag("d", {}, () => say("x")).spec(origin);
  expect(plain).toMatchObject(origin);
  expect(dag("d", { docs: "own" }, () => say("x")).spec(origin).docs).toBe("own");
  expect(isDag(dag("d", {}, () => {}))).toBe(true);
  expect(isDag({ id: "d" })).toBe(false);
});
