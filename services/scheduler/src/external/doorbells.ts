/** Rings for those who wait for runs of this owner's DAGs. Costs nothing for DAGs that nobody waits for. */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Bus } from "@millrace/bus";
import { isFinal } from "@millrace/engine";
import { DagsAwaitedSchema, DagsEndedSchema } from "@millrace/wire/internal";
import type { Clock } from "../clock.ts";
import type { SchedulerSettings } from "../settings.ts";
import { isFinalState, type Step } from "../flush/step.ts";
import type { ExternalWaits } from "./external-wait.ts";

export type Doorbells = {
  /** A step is durable: whoever waits for its run hears of it. */
  note(step: Step): void;
  /** Shards were taken over: asks who waits for what. */
  ask(): void;
  stop(): void;
};

export function createDoorbells(options: {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly settings: SchedulerSettings;
  readonly waits: () => ExternalWaits;
}): Doorbells {
  const { bus, clock, settings } = options;
  /** When each was awaited last, by this node's monotonic clock. */
  const awaited = new Map<string, number>();
  const ended = new Set<string>();
  let rangAtMs = -Infinity;
  let cancel: (() => void) | null = null;

  const subscriptions = [
    bus.subscribe("awaited", (data) => {
      const { nodeId, dagIds, asks } = fromBinary(DagsAwaitedSchema, data);
      for (const dagId of dagIds) awaited.set(dagId, clock.monotonicMs());
      if (asks && nodeId !== bus.nodeId) options.waits().announce();
    }),
    bus.subscribe("ended", (data) =>
      options.waits().ring(fromBinary(DagsEndedSchema, data).dagIds),
    ),
  ];

  function isAwaited(dagId: string): boolean {
    const atMs = awaited.get(dagId);
    if (atMs === undefined) return false;
    if (clock.monotonicMs() - atMs <= settings.awaitedForgetMs) return true;
    awaited.delete(dagId);
    return false;
  }

  function ring(): void {
    cancel = null;
    rangAtMs = clock.monotonicMs();
    const dagIds = [...ended];
    ended.clear();
    bus.publish("ended", toBinary(DagsEndedSchema, create(DagsEndedSchema, { dagIds })));
  }

  return {
    note(step) {
      if (awaited.size === 0 || !isAwaited(step.run.dagId) || !hasEnd(step)) return;
      ended.add(step.run.dagId);
      const sinceMs = clock.monotonicMs() - rangAtMs;
      cancel ??= clock.after(Math.max(0, settings.endedEveryMs - sinceMs), ring);
    },
    ask() {
      const message = create(DagsAwaitedSchema, { nodeId: bus.nodeId, dagIds: [], asks: true });
      bus.publish("awaited", toBinary(DagsAwaitedSchema, message));
    },
    stop() {
      for (const subscription of subscriptions) subscription.close();
      cancel?.();
    },
  };
}

/** Whether a run, or a task instance, became final with it. */
function hasEnd({ records, hasRunChanged, state }: Step): boolean {
  if (hasRunChanged && isFinalState(state)) return true;
  for (const record of records.values()) if (isFinal(record.state)) return true;
  return false;
}
