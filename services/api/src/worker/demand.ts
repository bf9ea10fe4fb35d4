/** What owners need, as they last said, and how free slots are split among them. */

import type { Demand, DemandLine } from "@millrace/wire/internal";
import { workerLimits } from "../limits.ts";
import type { WorkerSession } from "./session.ts";

type Line = { readonly queue: string; readonly handler: string; count: number };
type Need = { lines: Line[]; heardAtMs: number };

export type DemandBook = {
  hear(demand: Demand): void;
  /** An owner gave slots of this session back: it has nothing for it, whatever it said before. */
  giveUp(nodeId: string, session: WorkerSession): void;
  forget(nodeId: string): void;
  /**
   * Splits free slots of a session evenly among the owners that have work for it, and takes them off what those need.
   * `shareOf` bounds what an owner gets of what it needs, so that other sessions get their part of the work.
   */
  split(
    session: WorkerSession,
    free: number,
    shareOf: (need: number) => number,
  ): Map<string, number>;
};

export function createDemandBook(): DemandBook {
  const needs = new Map<string, Need>();
  let turn = 0;

  function live(): [string, Need][] {
    const before = performance.now() - workerLimits.demandSilenceMs;
    for (const [nodeId, need] of needs) if (need.heardAtMs < before) needs.delete(nodeId);
    return [...needs];
  }

  return {
    hear({ nodeId, lines }) {
      const wanted = lines.filter(({ count }) => count > 0);
      if (wanted.length === 0) needs.delete(nodeId);
      else needs.set(nodeId, { lines: wanted.map(lineOf), heardAtMs: performance.now() });
    },
    giveUp(nodeId, session) {
      const need = needs.get(nodeId);
      if (need === undefined) return;
      need.lines = need.lines.filter((line) => !serves(session, line));
      if (need.lines.length === 0) needs.delete(nodeId);
    },
    forget: (nodeId) => void needs.delete(nodeId),
    split(session, free, shareOf) {
      const shares = new Map<string, number>();
      const wanting = live()
        .map(([nodeId, need]) => ({
          nodeId,
          lines: need.lines.filter((line) => line.count > 0 && serves(session, line)),
        }))
        .filter(({ lines }) => lines.length > 0);
      if (wanting.length === 0) return shares;
      // Owners take turns in being first, so that odd slots do not always go to the same one.
      turn = (turn + 1) % wanting.length;
      let left = free;
      for (let i = 0; i < wanting.length && left > 0; i++) {
        const { nodeId, lines } = wanting[(i + turn) % wanting.length]!;
        const need = lines.reduce((sum, line) => sum + line.count, 0);
        const fair = Math.ceil(left / (wanting.length - i));
        const share = Math.min(fair, shareOf(need), left);
        takeFrom(lines, share);
        shares.set(nodeId, share);
        left -= share;
      }
      return shares;
    },
  };
}

function lineOf({ queue, handler, count }: DemandLine): Line {
  return { queue, handler, count };
}

/** Whether a session can run tasks of a line. */
export function serves(
  session: WorkerSession,
  line: { readonly queue: string; readonly handler: string },
): boolean {
  if (!session.queues.includes(line.queue)) return false;
  return line.handler === "" ? session.runsBundles : session.handlers.includes(line.handler);
}

function takeFrom(lines: readonly Line[], slots: number): void {
  let left = slots;
  for (const line of lines) {
    const taken = Math.min(line.count, left);
    line.count -= taken;
    left -= taken;
  }
}
