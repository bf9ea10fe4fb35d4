import { describe, expect, expectTypeOf, test } from "vitest";
import {
  Dag,
  Task,
  dag,
  externalCallback,
  externalTask,
  group,
  notifier,
  task,
  type CallbackEvent,
  type Tasks,
} from "../index.ts";
import { bodyOf, callbackOf, dagsOf } from "../spec.ts";

const told: string[] = [];
function report(event: CallbackEvent): void {
  told.push(event.event);
}
const page = (team: string) =>
  notifier("page", { team, since: new Date(0) }, (_event, config) => {
    expectTypeOf(config).toEqualTypeOf<{ team: string; since: Date }>();
  });

describe("callbacks of tasks", () => {
  const clean = task({ id: "clean" }, () => undefined);

  test("stand in the spec by what happened, with names, handlers and settings", () => {
    const load = clean.with({
      id: "load",
      onFailure: [report, page("data")],
      onSuccess: report,
      onRetry: (_event) => undefined,
      onSkipped: [externalCallback({ handler: "tell" }), async () => undefined],
    });
    const [spec] = dag("etl", {}, () => void load()).spec().tasks;
    expect(spec?.callbacks).toEqual([
      { on: "success", handler: "load#onSuccess/0", isExternal: false, config: "", name: "report" },
      { on: "failure", handler: "load#onFailure/0", isExternal: false, config: "", name: "report" },
      {
        ...{ on: "failure", handler: "load#onFailure/1", isExternal: false, name: "page" },
        config: '{"team":"data","since":{"$":"date","v":"1970-01-01T00:00:00.000Z"}}',
      },
      { on: "retry", handler: "load#onRetry/0", isExternal: false, config: "", name: "callback" },
      { on: "skipped", handler: "tell", isExternal: true, config: "", name: "tell" },
      {
        on: "skipped",
        handler: "load#onSkipped/1",
        isExternal: false,
        config: "",
        name: "callback",
      },
    ]);
  });

  test("are those of the task, else of its group, else of the DAG; each event by itself", () => {
    const own = clean.with({ id: "own", onFailure: page("own") });
    const etl = dag("etl", { defaults: { onFailure: page("dag"), onSuccess: report } }, () => {
      clean();
      group("g", { defaults: { onFailure: page("group") } }, () => {
        clean();
        own();
      });
    });
    const teams = etl
      .spec()
      .tasks.map(({ id, callbacks }) => [
        id,
        ...callbacks.map(({ on, config }) => `${on} ${/"team":"(\w+)"/.exec(config)?.[1] ?? "-"}`),
      ]);
    expect(teams).toEqual([
      ["clean", "success -", "failure dag"],
      ["g.clean", "success -", "failure group"],
      ["g.own", "success -", "failure own"],
    ]);
  });

  test("may be external ones, and those of external tasks may be functions", () => {
    const score = externalTask<[], number>({
      ...{ handler: "score", queue: "python", onFailure: [report] },
      onRetry: externalCallback({ handler: "page", name: "pager", config: { team: "data" } }),
    });
    const etl = dag("etl", {}, () => void score());
    expect(etl.spec().tasks[0]?.callbacks).toEqual([
      {
        on: "failure",
        handler: "score#onFailure/0",
        isExternal: false,
        config: "",
        name: "report",
      },
      { on: "retry", handler: "page", isExternal: true, config: '{"team":"data"}', name: "pager" },
    ]);
    expect(callbackOf(etl, "score#onFailure/0")).toBe(report);
  });

  test("are found by their handlers, and tasks by theirs", () => {
    const etl = dag("etl", { defaults: { onFailure: [() => undefined, report] } }, () => clean());
    expect(callbackOf(etl, "clean#onFailure/1")).toBe(report);
    expect(bodyOf(etl, "clean")).toBe(clean.body);
    for (const handler of ["clean#onFailure/2", "clean#onRetry/0", "other#onFailure/0", "clean"]) {
      expect(() => callbackOf(etl, handler)).toThrow(
        `DAG "etl" has no TypeScript callback "${handler}"`,
      );
    }
  });

  test("that are none are refused, with the option's name", () => {
    // @ts-expect-error a callback is told what happened, not a text
    clean.with({ onFailure: (_text: string) => undefined });
    // @ts-expect-error a text is no callback
    expect(() => clean.with({ onFailure: "page" })).toThrow(
      'task "clean": option "onFailure" is "page"; it must be a function, a notifier, or a list of these',
    );
  });
});

describe("callbacks of runs", () => {
  test("stand in the DAG's spec, with the line they wait in", () => {
    const options = { onSuccess: report, onFailure: page("data"), callbackQueue: "alerts" };
    const etl = dag("etl", options, () => void task(function plain() {})());
    const { callbacks, callbackQueue, tasks } = etl.spec();
    expect(callbacks.map(({ on, handler, name }) => [on, handler, name])).toEqual([
      ["success", "#onSuccess/0", "report"],
      ["failure", "#onFailure/0", "page"],
    ]);
    expect(callbackQueue).toBe("alerts");
    expect(tasks[0]?.callbacks).toEqual([]);
    expect(callbackOf(etl, "#onSuccess/0")).toBe(report);
  });

  test("are success and failure only", () => {
    const wire = () => void task(function plain() {})();
    // @ts-expect-error runs are not retried
    expect(() => dag("etl", { onRetry: report }, wire)).toThrow('the unknown option "onRetry"');
  });

  test("and of tasks may be said with decorators", () => {
    @Dag({ onFailure: report })
    class Etl {
      @Task({ onRetry: report })
      async load(): Promise<void> {}
      wire(t: Tasks<Etl>) {
        t.load();
      }
    }
    const [etl] = dagsOf({ Etl });
    const spec = etl?.spec();
    expect(spec?.callbacks.map(({ handler }) => handler)).toEqual(["#onFailure/0"]);
    expect(spec?.tasks[0]?.callbacks.map(({ handler }) => handler)).toEqual(["load#onRetry/0"]);
  });
});

describe("notifiers", () => {
  test("need a name, a function, and settings that are data", () => {
    expect(() => notifier("", {}, report)).toThrow("it must have 1 to 100 characters");
    expect(() => notifier("x".repeat(101), {}, report)).toThrow("it must have 1 to 100 characters");
    // @ts-expect-error no function
    expect(() => notifier("page", {})).toThrow("needs a function as its third argument");
    // @ts-expect-error a function is no data
    notifier("page", { to: () => "me" }, report);
    expect(() => externalCallback({ handler: "" })).toThrow('needs the option "handler"');
  });

  test("with the same settings give the same spec each time", () => {
    const etl = () =>
      dag("etl", { onFailure: [page("a"), page("b")] }, () => void task(function plain() {})());
    expect(etl().spec()).toEqual(etl().spec());
  });
});
