/**
 * Watchers of a seed: things happen somewhere, one after the other, and triggerers that look are to make an event of an asset of
 * each. DAGs may want that no more, and later again.
 */

import { createHash } from "node:crypto";
import { shardOf, type AssetExpression, type AssetWatcher, type DagSpec } from "@millrace/engine";
import type { AssetWatcherWrite } from "@millrace/db";
import { fired } from "../../../packages/sdk/src/triggerer/fired.ts";
import type { CustomTrigger } from "../../../packages/sdk/src/triggerer/custom.ts";
import { replaceWatchers } from "../database/statements-watchers.ts";
import type { Tables } from "../database/tables.ts";
import type { VirtualProcess } from "../machine.ts";
import type { Plan } from "../plan.ts";
import type { Random } from "../random.ts";
import type { World } from "../world.ts";

export const streamHandler = "stream";
const happensEveryMs = 15_000;
const atOnceMax = 4;
const toldMax = 3;
const changeEveryMs = 40_000;

/** Of the assets that a DAG makes or waits for, some are watched; two DAGs that name one may want the same. */
export function withWatchers(random: Random, spec: DagSpec): DagSpec {
  const watched = new Map<string, readonly AssetWatcher[]>();
  const add = <Of extends { readonly kind: string }>(of: Of): Of => {
    if (of.kind !== "asset" || !("uri" in of)) return of;
    const uri = String(of.uri);
    const watchers = watched.get(uri) ?? someWatchers(random, uri);
    watched.set(uri, watchers);
    return { ...of, watchers };
  };
  const within = (expression: AssetExpression): AssetExpression =>
    expression.kind === "events"
      ? { ...expression, of: add(expression.of) }
      : { ...expression, expressions: expression.expressions.map(within) };
  const { schedule } = spec;
  const hasAssets = schedule?.kind === "assets" || schedule?.kind === "asset_or_time";
  return {
    ...spec,
    tasks: spec.tasks.map((task) => ({ ...task, outlets: task.outlets.map(add) })),
    schedule: hasAssets ? { ...schedule, expression: within(schedule.expression) } : schedule,
  };
}

function someWatchers(random: Random, uri: string): AssetWatcher[] {
  const names = ["a", "b"].filter(() => random.chance(0.5));
  return names.map((name) => ({
    ...{ handler: streamHandler, summary: "a stream", queue: name === "a" ? "default" : "second" },
    config: JSON.stringify({ stream: `${name} of ${uri}` }),
  }));
}

/** As the front door writes them. */
export function watchersOf({ dagId, schedule, tasks }: DagSpec): AssetWatcherWrite[] {
  const named = (expression: AssetExpression): readonly { readonly kind: string }[] =>
    expression.kind === "events" ? [expression.of] : expression.expressions.flatMap(named);
  const hasAssets = schedule?.kind === "assets" || schedule?.kind === "asset_or_time";
  const all = [
    ...tasks.flatMap(({ outlets }) => outlets),
    ...(hasAssets ? named(schedule.expression) : []),
  ] as {
    readonly kind: string;
    readonly uri: string;
    readonly watchers?: readonly AssetWatcher[];
  }[];
  return all.flatMap(({ uri, watchers = [] }) =>
    watchers.map((watcher) => {
      const { handler, queue, config } = watcher;
      const digest = createHash("sha256")
        .update(JSON.stringify([handler, queue, config]))
        .digest("hex");
      return { dagId, uri, digest, shard: shardOf(`${uri}#${digest}`), ...watcher };
    }),
  );
}

export function registerWatchers(tables: Tables, spec: DagSpec): void {
  replaceWatchers(tables, [spec.dagId], watchersOf(spec));
}

/** Things happen, and DAGs change their minds. */
export function startWatchers(world: World, plan: Plan, dags: readonly DagSpec[]): void {
  const random = world.random.fork("watchers over time");
  world.script.watchersFail = random.chance(0.6) ? random.between(0, 0.3) : 0;
  world.machine.after(plan.faultMs, null, () => (world.script.watchersFail = 0));
  const configs = new Set(dags.flatMap(watchersOf).map(({ config }) => config));
  for (const config of configs) {
    const { stream } = JSON.parse(config) as Config;
    for (let ms = 0; ms < plan.faultMs; ms += random.between(0, 2 * happensEveryMs))
      world.machine.after(ms, null, () => {
        world.streams.happen(stream, 1 + random.below(atOnceMax));
      });
  }
  for (const dag of dags.filter((each) => watchersOf(each).length > 0)) {
    if (random.chance(0.5)) continue;
    let isWanted = true;
    for (let ms = 0; ms < plan.faultMs; ms += random.between(0, 2 * changeEveryMs))
      if (ms > 0) world.machine.after(ms, null, () => want(world, dag, (isWanted = !isWanted)));
  }
}

function want(world: World, dag: DagSpec, isWanted: boolean): void {
  const { tables } = world.server;
  world.trace.note("people", `${dag.dagId} wants ${isWanted ? "its assets" : "nothing"} watched`);
  replaceWatchers(tables, [dag.dagId], isWanted ? watchersOf(dag) : []);
  const row = tables.dags.get(dag.dagId)!;
  tables.dags.set(dag.dagId, { ...row, changed_seq: tables.nextChangedSeq++ });
  const api = world.apis.find(({ process }) => process.isAlive);
  api?.process.enter(() => api.context.bus.publish("dags", new Uint8Array()));
}

type Config = { readonly stream: string };

/** The function that looks: it waits until something has happened behind its cursor, and tells a few of it. */
export function streamTrigger(world: World, process: VirtualProcess): CustomTrigger {
  const { random } = process;
  const { streams, script } = world;
  return async ({ stream }: Config, { signal, cursor }) => {
    const letGo = streams.hold(stream, process);
    try {
      const trouble = random.chance(script.watchersFail)
        ? random.pick(["throws", "kills", "too_many"] as const)
        : null;
      await pause(random.between(1, 500));
      if (trouble === "kills") process.kill();
      if (trouble === "throws") throw new Error("the connection to the stream broke");
      if (trouble === "too_many")
        return fired(
          Array.from({ length: 101 }, () => ({})),
          1e9,
        );
      if (cursor === null || cursor === undefined) return fired([], streams.begin(stream));
      const from = cursor as number;
      while (streams.count(stream) <= from && !signal.aborted)
        await pause(random.between(100, 2_000));
      const to = Math.min(streams.count(stream), from + 1 + random.below(toldMax));
      const events = Array.from({ length: to - from }, (_, at) => ({ stream, n: from + at + 1 }));
      await pause(random.between(1, 500));
      return fired(events, to);
    } finally {
      letGo();
    }
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
