/** Tells api nodes that ready tasks wait for slots. */

import { create, toBinary } from "@bufbuild/protobuf";
import { DemandSchema } from "@millrace/wire/internal";
import { roomOf } from "./apply.ts";
import type { Owner } from "./owner.ts";
import type { LineKey } from "./ready-queue.ts";

export type DemandTeller = {
  /** Says what waits, if it is news or lasts; soon, and not too often. */
  tell(): void;
  /** A slot came for a line: api nodes take it off what was said, and so must this. */
  onGranted(line: LineKey): void;
  /** Slots were given back for want of work in these lines: api nodes forget what was said of them. */
  onReturned(lines: Iterable<LineKey>): void;
  stop(): void;
};

export function createDemandTeller(owner: () => Owner): DemandTeller {
  /** What api nodes still believe, by line. */
  const said = new Map<string, number>();
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
    if (lines.length === 0) return;
    const isNews = lines.some((line) => line.count > (said.get(nameOf(line)) ?? 0));
    const isOld = clock.monotonicMs() - saidAtMs >= settings.demandRepeatMs;
    if (isNews || isOld) {
      saidAtMs = clock.monotonicMs();
      bus.publish("demand", toBinary(DemandSchema, create(DemandSchema, { nodeId, lines })));
      said.clear();
      for (const line of lines) said.set(nameOf(line), line.count);
    }
    schedule(settings.demandRepeatMs);
  }

  return {
    tell() {
      const { clock, settings } = owner();
      const sinceMs = clock.monotonicMs() - saidAtMs;
      if (sinceMs >= settings.demandEveryMs) say();
      else schedule(settings.demandEveryMs - sinceMs);
    },
    onGranted(line) {
      const left = (said.get(nameOf(line)) ?? 0) - 1;
      if (left > 0) said.set(nameOf(line), left);
      else said.delete(nameOf(line));
    },
    onReturned(lines) {
      for (const line of lines) said.delete(nameOf(line));
    },
    stop() {
      isStopped = true;
      cancel?.();
    },
  };
}

function nameOf({ queue, handler }: { readonly queue: string; readonly handler: string | null }): string {
  return JSON.stringify([queue, handler ?? ""]);
}
