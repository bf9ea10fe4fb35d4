/** The words for assets: what they compile to, what is refused, and what `tsc` refuses. */

import { describe, expect, expectTypeOf, test } from "vitest";
import {
  allOf,
  anyOf,
  asset,
  assetAlias,
  atLeast,
  dag,
  externalTask,
  orTime,
  task,
  type AssetEvents,
  type ScheduleOption,
  type TaskContext,
} from "../index.ts";

const orders = asset({ uri: "s3://shop/orders", name: "orders", group: "shop", extra: { a: 1 } });
const rates = asset("s3://shop/rates");
const feeds = assetAlias("feeds");
const work = task(function work() {});
const scheduleOf = (schedule: ScheduleOption) =>
  dag("d", { schedule }, () => void work()).spec().schedule;
const one = (of: unknown, count = 1) => ({ kind: "events", of, count });

test("an asset is its uri; the rest has defaults", () => {
  expect(orders).toEqual({
    ...{ kind: "asset", uri: "s3://shop/orders", name: "orders", group: "shop" },
    extra: '{"a":1}',
  });
  expect(rates).toEqual({
    ...{ kind: "asset", uri: "s3://shop/rates", name: "s3://shop/rates", group: "asset" },
    extra: "",
  });
  expect(feeds).toEqual({ kind: "alias", name: "feeds", group: "asset" });
});

describe("a schedule", () => {
  test.each<[string, ScheduleOption, unknown]>([
    ["an asset", orders, one(orders)],
    ["an alias", feeds, one(feeds)],
    ["a list is AND", [orders, rates], { kind: "all_of", expressions: [one(orders), one(rates)] }],
    ["a list of one is that one", [orders], one(orders)],
    ["allOf", allOf(orders, rates), { kind: "all_of", expressions: [one(orders), one(rates)] }],
    [
      "nested, with a number",
      anyOf(allOf(orders, atLeast(3, rates)), feeds),
      {
        kind: "any_of",
        expressions: [{ kind: "all_of", expressions: [one(orders), one(rates, 3)] }, one(feeds)],
      },
    ],
  ])("of assets: %s", (_, option, expression) => {
    expect(scheduleOf(option)).toEqual({ kind: "assets", expression });
  });

  test("of assets or a time, whose zone is the DAG's", () => {
    const schedule = orTime([orders, rates], "@daily");
    const spec = dag("d", { schedule, timezone: "Europe/Berlin" }, () => void work()).spec();
    expect(spec.schedule).toMatchObject({
      kind: "asset_or_time",
      expression: { kind: "all_of" },
      time: { kind: "cron", expressions: ["@daily"], timezone: "Europe/Berlin" },
    });
  });

  test("does not compile where it is none", () => {
    // @ts-expect-error a list of texts could be anything
    expect(() => scheduleOf(["s3://a", "s3://b"])).toThrow("asset(…), assetAlias(…)");
    // @ts-expect-error nothing to wait for
    expect(() => anyOf()).toThrow();
    // @ts-expect-error a text is no asset
    expect(() => allOf("s3://a")).toThrow("asset(…)");
    // @ts-expect-error a rule has no events
    expect(() => atLeast(2, allOf(orders))).toThrow("asset(…) or assetAlias(…)");
    // @ts-expect-error a time is needed
    expect(() => orTime(orders)).toThrow();
    // @ts-expect-error assets are no time
    expect(() => orTime(orders, rates)).toThrow("a schedule that a clock decides");
    expect(() => scheduleOf([])).toThrow("at least one asset");
    expect(() => atLeast(0, orders)).toThrow("a whole number from 1 to 1000");
  });
});

describe("outlets and inlets", () => {
  test("are options of a task in whatever language, and of no level above", () => {
    const load = task({ outlets: [orders, feeds], inlets: [rates] }, async function load() {});
    const score = externalTask({ id: "score", handler: "score", outlets: [orders] });
    const { tasks } = dag("d", {}, () => {
      load();
      score();
      load.with({ id: "other", outlets: [] })();
    }).spec();
    expect(tasks.map(({ outlets, inlets }) => [outlets.length, inlets.length])).toEqual([
      [2, 1],
      [1, 0],
      [0, 1],
    ]);
    expect(tasks[0]!.outlets[0]).toEqual(orders);
    const defaults = { outlets: [orders] };
    // @ts-expect-error not every task makes it
    expect(() => dag("d", { defaults }, () => void work()).spec()).toThrow(
      'unknown option "outlets"',
    );
  });

  test("do not compile where they are none", () => {
    // @ts-expect-error a text is no asset
    expect(() => task({ outlets: ["s3://a"] }, function t() {})).toThrow(
      "asset(…) or assetAlias(…)",
    );
    // @ts-expect-error a rule is no asset
    expect(() => task({ inlets: [allOf(orders)] }, function t() {})).toThrow("asset(…)");
    // @ts-expect-error a list
    expect(() => task({ outlets: orders }, function t() {})).toThrow("a list of asset(…)");
  });

  test("are used in bodies by their types", () => {
    type Outlets = TaskContext["outlets"];
    expectTypeOf<Parameters<Outlets["extra"]>[0]>().toEqualTypeOf<typeof orders>();
    expectTypeOf<Parameters<Outlets["add"]>[0]>().toEqualTypeOf<typeof feeds>();
    expectTypeOf<ReturnType<TaskContext["inletEvents"]>>().toEqualTypeOf<AssetEvents>();
    const use = (context: TaskContext): void => {
      // @ts-expect-error an alias has no event of its own
      context.outlets.extra(feeds, {});
      // @ts-expect-error an asset is named for an alias
      context.outlets.add(orders, rates);
      // @ts-expect-error an extra is an object
      context.outlets.extra(orders, 3);
      // @ts-expect-error an inlet is no text
      context.inletEvents("s3://a");
    };
    expect(use).toBeDefined();
  });
});

test.each<[string, () => unknown, string]>([
  ["no uri", () => asset({} as never), "asset: uri"],
  ["a number", () => asset(7 as never), "asset"],
  ["an unknown option", () => asset({ uri: "a", url: "b" } as never), 'unknown option "url"'],
  [
    "an extra that is a list",
    () => asset({ uri: "a", extra: [] as never }),
    "an object of plain JSON",
  ],
  ["an extra that is no JSON", () => asset({ uri: "a", extra: { n: 1n } }), "no plain JSON"],
  ["an alias without a name", () => assetAlias(undefined as never), "assetAlias: name"],
])("%s is refused with a sentence", (_, make, part) => {
  expect(make).toThrow(part);
});
