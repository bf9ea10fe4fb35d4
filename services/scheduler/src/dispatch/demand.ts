/** Tells api nodes that ready tasks wait for slots. */

import { create, toBinary } from "@bufbuild/protobuf";
import { DemandSchema } from "@millrace/wire/internal";
import type { Bus } from "@millrace/bus";
import type { Clock } from "../clock.ts";
import type { LineKey, ReadyQueue } from "./ready-queue.ts";
import type { ActiveRun } from "../runs/run.ts";
import type { SchedulerSettings } from "../settings.ts";
import type { SideWork } from "./side-work.ts";

export type DemandTeller = {
  /** Says what waits, if it is news or lasts; soon, and not too often. Answers whether it said something at once. */
  tell(): boolean;
  /** A slot came for a line: api nodes take it off what was said, and so must this. */
  onGranted(line: LineKey): void;
  /** Slots were given back for want of work in all lines but these: api nodes forget what was said of the others. */
  onReturned(withWork: Iterable<LineKey>): void;
  stop(): void;
};

export type DemandOptions = {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly settings: SchedulerSettings;
  readonly queue: ReadyQueue<ActiveRun>;
  readonly sideWork: readonly SideWork[];
  /** How many more tasks of a run may be granted now. */
  roomOf(run: ActiveRun): number;
};

export function createDemandTeller(options: DemandOptions): DemandTeller {
  const { bus, clock, settings, queue, sideWork } = options;
  /** What api nodes still believe, by line. */
  const said = new Map<string, number>();
  let saidAtMs = -Infinity;
  let cancel: (() => void) | null = null;
  let cancelAtMs = Infinity;
  let isStopped = false;

  function schedule(inMs: number): void {
    const atMs = clock.monotonicMs() + inMs;
    if (isStopped || atMs >= cancelAtMs) return;
    cancel?.();
    cancelAtMs = atMs;
    cancel = clock.after(inMs, () => {
      cancel = null;
      cancelAtMs = Infinity;
      say();
    });
  }

  /** What waits in each line, of whatever kind. */
  function waitingLines(): { queue: string; handler: string; count: number }[] {
    const max = settings.demandCountMax;
    const lines = new Map<string, { queue: string; handler: string; count: number }>();
    const add = (line: LineKey, count: number): void => {
      const known = lines.get(nameOf(line))?.count ?? 0;
      const { queue: ofQueue, handler } = line;
      if (count > 0)
        lines.set(nameOf(line), {
          ...{ queue: ofQueue, handler: handler ?? "" },
          count: Math.min(max, known + count),
        });
    };
    for (const line of queue.lines()) add(line, queue.count(line, options.roomOf, max));
    for (const work of sideWork) for (const line of work.lines()) add(line, work.count(line, max));
    return [...lines.values()];
  }

  function say(): boolean {
    const lines = waitingLines();
    if (lines.length === 0) return false;
    const isNews = lines.some((line) => line.count > (said.get(nameOf(line)) ?? 0));
    const isOld = clock.monotonicMs() - saidAtMs >= settings.demandRepeatMs;
    if (isNews || isOld) {
      saidAtMs = clock.monotonicMs();
      bus.publish(
        "demand",
        toBinary(DemandSchema, create(DemandSchema, { nodeId: bus.nodeId, lines })),
      );
      said.clear();
      for (const line of lines) said.set(nameOf(line), line.count);
    }
    schedule(settings.demandRepeatMs);
    return isNews || isOld;
  }

  return {
    tell() {
      const sinceMs = clock.monotonicMs() - saidAtMs;
      if (sinceMs >= settings.demandEveryMs) return say();
      schedule(settings.demandEveryMs - sinceMs);
      return false;
    },
    onGranted(line) {
      const left = (said.get(nameOf(line)) ?? 0) - 1;
      if (left > 0) said.set(nameOf(line), left);
      else said.delete(nameOf(line));
    },
    onReturned(withWork) {
      const kept = new Set([...withWork].map(nameOf));
      for (const name of said.keys()) if (!kept.has(name)) said.delete(name);
    },
    stop() {
      isStopped = true;
      cancel?.();
    },
  };
}

function nameOf({
  queue,
  handler,
}: {
  readonly queue: string;
  readonly handler: string | null;
}): string {
  return JSON.stringify([queue, handler ?? ""]);
}
