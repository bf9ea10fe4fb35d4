/**
 * Where work beside the attempts is: in its line, oldest first, or with the session that has it. In memory only, for watches,
 * questions and watchers of assets alike; what becomes of a piece of work that was lost is its own kind's affair.
 */

import { create } from "@bufbuild/protobuf";
import { SessionCancelSchema } from "@millrace/wire/internal";
import type { Assignment } from "@millrace/wire/worker";
import { apiNodesOf } from "./dispatch.ts";
import { sessionAssignment } from "./outbox.ts";
import type { Owner } from "../owner.ts";
import type { LineKey } from "./ready-queue.ts";
import type { Work } from "./side-work.ts";
import type { SessionSlots } from "./slots.ts";
import { cutFrom, putIn } from "../map-of-sets.ts";

export type SideBook<W extends Work> = {
  /** Lines in which something waits. */
  lines(): LineKey[];
  count(line: LineKey, max: number): number;
  /** Puts it at the end of a line, wherever it was. */
  place(work: W, line: LineKey): void;
  /** Takes it from wherever it is. */
  detach(work: W): void;
  /** Notes that a session has it. */
  bind(work: W, sessionKey: number): void;
  /** The first of a line, and a session that has a slot for it, which is taken; null when either is missing. */
  first(line: LineKey): { readonly work: W; readonly session: SessionSlots } | null;
  /** Gives it to that session. */
  hand(work: W, line: LineKey, session: SessionSlots, assignment: Assignment): void;
  /** Tells whoever has it to stop; nothing else changes. */
  stop(work: W, attemptId: string): void;
  of(sessionKey: number): W[];
  sessionKeys(): number[];
  /** What inventories of a session have left out too often; `isNamed` by the newest. */
  missing(sessionKey: number, isNamed: (work: W) => boolean): W[];
};

type Line<W> = LineKey & { readonly waiting: Set<W> };

export function createSideBook<W extends Work>(self: () => Owner): SideBook<W> {
  const lines = new Map<string, Line<W>>();
  const lineOf = new Map<W, Line<W>>();
  const sessions = new Map<number, Set<W>>();

  function find({ queue, handler }: LineKey): Line<W> | undefined {
    return lines.get(nameOf(queue, handler));
  }

  function detach(work: W): void {
    lineOf.get(work)?.waiting.delete(work);
    lineOf.delete(work);
    if (work.sessionKey === null) return;
    cutFrom(sessions, work.sessionKey, work);
    work.sessionKey = null;
  }

  function bind(work: W, sessionKey: number): void {
    detach(work);
    work.sessionKey = sessionKey;
    work.misses = 0;
    putIn(sessions, sessionKey, work);
  }

  return {
    lines: () => [...lines.values()].filter(({ waiting }) => waiting.size > 0),
    count: (line, max) => Math.min(max, find(line)?.waiting.size ?? 0),
    place(work, { queue, handler }) {
      detach(work);
      const name = nameOf(queue, handler);
      const line = lines.get(name) ?? { queue, handler, waiting: new Set() };
      lines.set(name, line);
      line.waiting.add(work);
      lineOf.set(work, line);
      self().pump();
    },
    detach,
    bind,
    first(line) {
      const [work] = find(line)?.waiting ?? [];
      const session = work === undefined ? null : self().slots.take(line);
      return work === undefined || session === null ? null : { work, session };
    },
    hand(work, line, { sessionKey, workerName, apiNodeId }, assignment) {
      const { names, demand, outbox } = self();
      names.put(sessionKey, workerName);
      bind(work, sessionKey);
      demand.onGranted(line);
      outbox.assign(apiNodeId, sessionAssignment(sessionKey, assignment));
    },
    stop({ sessionKey }, attemptId) {
      if (sessionKey === null) return;
      const owner = self();
      const message = create(SessionCancelSchema, { sessionKey: BigInt(sessionKey), attemptId });
      for (const apiNodeId of apiNodesOf(owner, sessionKey))
        owner.outbox.cancel(apiNodeId, message);
    },
    of: (sessionKey) => [...(sessions.get(sessionKey) ?? [])],
    sessionKeys: () => [...sessions.keys()],
    missing(sessionKey, isNamed) {
      const { inventoryMissesMax } = self().settings;
      const all = [...(sessions.get(sessionKey) ?? [])];
      for (const work of all) work.misses = isNamed(work) ? 0 : work.misses + 1;
      // The first time it may have been on its way, there or back.
      return all.filter(({ misses }) => misses >= inventoryMissesMax);
    },
  };
}

function nameOf(queue: string, handler: string | null): string {
  return JSON.stringify([queue, handler]);
}
