/**
 * What triggerers watch for assets. A watcher is handed out as the wait of a task is; what it tells becomes events, and it
 * is handed out again, to go on from its cursor. Rows say how far each is: whatever is lost is told again, and counts once.
 */

import { create, toBinary } from "@bufbuild/protobuf";
import {
  failAssetWatcher,
  fireAssetWatcher,
  listAssetWatchers,
  type AssetWatcherRow,
} from "@millrace/db";
import { isMillraceError, triggerHandler, type Failure, type Verdict } from "@millrace/engine";
import { attemptIdOf, failureFromProto, failureToProto, type AttemptRef } from "@millrace/wire";
import { FailureSchema, TaskKind } from "@millrace/wire/v1";
import { AssignmentSchema, type Assignment } from "@millrace/wire/worker";
import { loadedShard, type Owner } from "../owner.ts";
import { createSideBook } from "../dispatch/side-book.ts";
import type { Work } from "../dispatch/side-work.ts";
import { announceEvents } from "./announce.ts";
import { invalidTold, readTold, type Told } from "./told.ts";
import type { AssetWatchers } from "./watcher.ts";
import { finished, ok, regranted } from "../results/verdicts.ts";

type Watcher = Work & {
  row: AssetWatcherRow;
  /** "waiting" in its line, "watched" by a session, "resting" after a failure, "writing" what it told. */
  phase: "waiting" | "watched" | "resting" | "writing";
  /** In a row. */
  failures: number;
};

export function createAssetWatchers(self: () => Owner): AssetWatchers {
  const watchers = new Map<number, Watcher>();
  const book = createSideBook<Watcher>(self);

  function idOf({ row }: Watcher): string {
    const { shard, id: runKey, fires } = row;
    const attempt = fires + 1;
    return attemptIdOf({ shard, runKey, ix: -1, mapIx: -1, attempt, of: "asset_watch" });
  }

  function isHeld(watcher: Watcher): boolean {
    return watchers.get(watcher.row.id) === watcher;
  }

  function place(watcher: Watcher): void {
    if (!isHeld(watcher)) return;
    watcher.phase = "waiting";
    const { queue, handler } = watcher.row;
    book.place(watcher, { queue, handler: triggerHandler(handler) });
  }

  function placeLater(watcher: Watcher, ms: number): void {
    book.detach(watcher);
    watcher.phase = "resting";
    self().clock.after(ms, () => {
      if (watcher.phase === "resting") place(watcher);
    });
  }

  /** Whoever watches is told to stop. */
  function remove(watcher: Watcher): void {
    book.stop(watcher, idOf(watcher));
    forget(watcher);
  }

  function forget(watcher: Watcher): void {
    watchers.delete(watcher.row.id);
    book.detach(watcher);
  }

  async function refresh(): Promise<void> {
    const owner = self();
    const epochs = new Map([...owner.shards.values()].map(({ shard, epoch }) => [shard, epoch]));
    if (epochs.size === 0) return;
    const rows = await listAssetWatchers(owner.db, [...epochs.keys()]);
    const isOurs = ({ shard }: AssetWatcherRow): boolean =>
      owner.shards.get(shard)?.epoch === epochs.get(shard);
    const seen = new Set<number>();
    for (const row of rows.filter(isOurs)) {
      seen.add(row.id);
      if (watchers.has(row.id)) continue;
      const fresh = { row, phase: "waiting", sessionKey: null, misses: 0, failures: 0 } as const;
      const watcher: Watcher = { ...fresh };
      watchers.set(row.id, watcher);
      place(watcher);
    }
    for (const watcher of [...watchers.values()])
      if (!seen.has(watcher.row.id) && isOurs(watcher.row)) remove(watcher);
  }

  /** Its id says how much it had told when it was handed out: what comes later than the next is known already. */
  function find({ runKey, attempt }: AttemptRef): Watcher | undefined {
    const watcher = watchers.get(runKey);
    return watcher?.row.fires === attempt - 1 ? watcher : undefined;
  }

  async function fail(watcher: Watcher, failure: Failure): Promise<void> {
    const owner = self();
    const { row } = watcher;
    const { first, max } = owner.settings.assetWatcherRestMs;
    placeLater(watcher, Math.min(max, first * 2 ** watcher.failures));
    watcher.failures += 1;
    const fields = { uri: row.uri, handler: row.handler, failures: watcher.failures };
    owner.log.warn({ ...fields, err: failure.message }, "asset_watcher.failed");
    const bytes = toBinary(FailureSchema, create(FailureSchema, failureToProto(failure)));
    await failAssetWatcher(owner.db, row, bytes).catch((error: unknown) => {
      owner.log.warn({ ...fields, err: error }, "asset_watcher.failure_unwritten");
    });
  }

  async function fire(watcher: Watcher, told: Told): Promise<Verdict | null> {
    const owner = self();
    const { row } = watcher;
    const fence = loadedShard(owner, row.shard);
    if (fence === null) return null;
    watcher.phase = "writing";
    const { id, fires } = row;
    const fired = await fireAssetWatcher(owner.db, fence, { id, fires, ...told }).catch(
      (error: unknown) => {
        owner.log.warn({ uri: row.uri, err: error }, "asset_watcher.unwritten");
        return isMillraceError(error) && error.reason === "NOT_OWNER" ? "lost" : null;
      },
    );
    if (!isHeld(watcher)) return null;
    if (fired === "lost") {
      remove(watcher);
      return null;
    }
    if (fired === null) {
      // Whether it was written is not known: what the row says counts.
      forget(watcher);
      void refresh().catch(() => undefined);
      return null;
    }
    if (!fired.isApplied) {
      remove(watcher);
      return finished;
    }
    watcher.row = { ...row, fires: fires + 1, cursor: Buffer.from(told.cursor) };
    watcher.failures = 0;
    if (told.events.length > 0)
      owner.log.debug({ uri: row.uri, events: told.events.length }, "asset_watcher.fired");
    if (fired.consumers.length > 0) announceEvents(owner, fired.consumers);
    place(watcher);
    return ok;
  }

  return {
    refresh,
    lines: book.lines,
    count: book.count,
    grantOne(line) {
      const next = book.first(line);
      if (next === null) return false;
      const { work: watcher, session } = next;
      watcher.phase = "watched";
      book.hand(watcher, line, session, assignmentOf(idOf(watcher), watcher.row));
      return true;
    },
    async report(sessionKey, ref, { outcome }) {
      if (loadedShard(self(), ref.shard) === null) return null;
      const watcher = find(ref);
      // Another was told, or nobody wants to know any more.
      if (watcher === undefined) return finished;
      if (watcher.phase === "writing") return null;
      const isItsOwn = watcher.sessionKey === sessionKey;
      if (outcome.case === "succeeded") {
        if (watcher.phase === "waiting") book.detach(watcher);
        const told = readTold(outcome.value.returnValue?.data);
        if (told !== null) return await fire(watcher, told);
        await fail(watcher, invalidTold);
        return ok;
      }
      // But of a failure only who is to watch it now may tell.
      if (!isItsOwn) return regranted;
      const isFailure = outcome.case === "failed";
      const failure = isFailure ? failureFromProto(outcome.value) : invalidTold;
      const isReturned = outcome.case === "returned" || failure.kind === "lost";
      if (isReturned) placeLater(watcher, self().settings.watchAgainMs);
      else await fail(watcher, failure);
      return ok;
    },
    verdictOn(sessionKey, ref) {
      const watcher = find(ref);
      if (watcher === undefined) return finished;
      if (watcher.phase === "waiting") {
        // The owner before gave it to this session.
        watcher.phase = "watched";
        book.bind(watcher, sessionKey);
      }
      return watcher.sessionKey === sessionKey || watcher.phase === "writing" ? null : regranted;
    },
    loseMissing(sessionKey, named) {
      const missing = book
        .missing(sessionKey, (watcher) => named.has(idOf(watcher)))
        .filter(({ phase }) => phase === "watched");
      for (const watcher of missing) place(watcher);
      return missing.length;
    },
    endSession(sessionKey) {
      for (const watcher of book.of(sessionKey)) if (watcher.phase === "watched") place(watcher);
    },
    sessionKeys: book.sessionKeys,
    dropShards(shards) {
      for (const watcher of [...watchers.values()])
        if (shards.has(watcher.row.shard)) forget(watcher);
    },
  };
}

/** What a triggerer is told: as of the wait of a task, and where to go on from. */
function assignmentOf(attemptId: string, row: AssetWatcherRow): Assignment {
  const { uri, handler, config, cursor } = row;
  return create(AssignmentSchema, {
    attemptId,
    taskId: uri,
    mapIndex: -1,
    tryNumber: 1,
    maxTries: 1,
    handler: triggerHandler(handler),
    kind: TaskKind.EXTERNAL,
    args: Buffer.concat([Buffer.from("["), config, Buffer.from("]")]),
    idempotencyKey: attemptId,
    assetWatch: { uri, ...(cursor !== null && { cursor: { data: Uint8Array.from(cursor) } }) },
  });
}
