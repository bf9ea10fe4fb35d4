/** Tells api nodes that ready tasks wait for slots. */

import { create, toBinary } from "@bufbuild/protobuf";
import { DemandSchema } from "@millrace/wire/internal";
import { roomOf } from "./apply.ts";
import type { Owner } from "./owner.ts";

export type DemandTeller = {
  /** Says what waits, if it is news or lasts; soon, and not too often. */
  tell(): void;
  /** Lines that wait for slots, as last said. */
  readonly isUnmet: boolean;
  stop(): void;
};

export function createDemandTeller(owner: () => Owner): DemandTeller {
  let said = new Map<string, number>();
  let saidAtMs = -Infinity;
  let cancel: (() => void) | null = null;
  let cancelAtMs = Infinity;
  let isStopped = false;

  function schedule(inMs: number): void {
    const { clock } = owner();
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

  function say(): void {
    const { queue, settings, clock, bus, nodeId } = owner();
    const lines: { queue: string; handler: string; count: number }[] = [];
    for (const line of queue.lines()) {
      const count = queue.count(line, roomOf, settings.demandCountMax);
      if (count > 0) lines.push({ queue: line.queue, handler: line.handler ?? "", count });
    }
    const now = new Map(lines.map((line) => [JSON.stringify([line.queue, line.handler]), line.count]));
    const isNews = [...now].some(([name, count]) => count > (said.get(name) ?? 0));
    const isOld = clock.monotonicMs() - saidAtMs >= settings.demandRepeatMs;
    if (lines.length > 0 && (isNews || isOld)) {
      saidAtMs = clock.monotonicMs();
      bus.publish("demand", toBinary(DemandSchema, create(DemandSchema, { nodeId, lines })));
    }
    // What was said stays said until it is met or said again.
    said = now;
    if (lines.length > 0) schedule(settings.demandRepeatMs);
  }

  return {
    tell() {
      const { clock, settings } = owner();
      const sinceMs = clock.monotonicMs() - saidAtMs;
      if (sinceMs >= settings.demandEveryMs) say();
      else schedule(settings.demandEveryMs - sinceMs);
    },
    get isUnmet() {
      return said.size > 0;
    },
    stop() {
      isStopped = true;
      cancel?.();
    },
  };
}
