/** `sql/flush.sql` for the tables in memory: every part sees the tables as they were before, and all of it takes place, or nothing. */

import { checkInstance, checkRun } from "./checks.ts";
import { readLiteral } from "./binary.ts";
import { refused, uniqueViolation } from "./errors.ts";
import type { NamedParameters } from "./parameters.ts";
import type { CallbackRow, InputRow, InstanceRow, RunRow } from "./rows.ts";
import { instanceKey, type Tables } from "./tables.ts";

/** What a flush looks at before it writes. All of it, unless the simulation plants a bug. */
export type FlushGuards = {
  readonly epoch: boolean;
  readonly attempt: boolean;
  readonly state: boolean;
  readonly event: boolean;
};

export const allGuards: FlushGuards = { epoch: true, attempt: true, state: true, event: true };

/** A row of a task instance that took effect. */
export type InstanceChange = {
  readonly before: InstanceRow | null;
  readonly after: InstanceRow;
  /** A person says so. */
  readonly isMarked: boolean;
};

export type Flushed = {
  readonly at: number;
  /** Whether whoever wrote it owned its shards. */
  readonly isOwners: boolean;
  readonly runIds: readonly number[];
  readonly instances: readonly InstanceChange[];
  readonly runs: readonly { readonly before: RunRow; readonly after: RunRow }[];
};

export type FlushResult = {
  readonly row: readonly unknown[];
  readonly flushed: Flushed | null;
  /** Rows that did not take effect, in words. */
  readonly missed: readonly string[];
};

function attemptOf(v: Readonly<Record<string, Value>>) {
  const [runId, ix, mapIx, attempt] = [v["run_id"], v["ix"], v["map_ix"], v["attempt"]] as number[];
  return { run_id: runId!, ix: ix!, map_ix: mapIx!, attempt: attempt! };
}

function attemptKey(row: { ix: number; map_ix: number; attempt: number }): string {
  return `${row.ix} ${row.map_ix} ${row.attempt}`;
}

type Value = number | string | boolean | Buffer | null;
type Columns = Readonly<Record<string, readonly unknown[]>>;

/** The rows of one part of the statement. Shorter columns end in NULLs. */
function rowsOf(parameters: NamedParameters, part: string, first: string): Record<string, Value>[] {
  const columns: Columns = parameters.get(part) ?? {};
  const names = Object.keys(columns);
  return (columns[first] ?? []).map((_, at) =>
    Object.fromEntries(names.map((name) => [name, (columns[name]?.[at] ?? null) as Value])),
  );
}

export function flush(
  tables: Tables,
  parameters: NamedParameters,
  now: number,
  guards: FlushGuards = allGuards,
): FlushResult {
  const fences = rowsOf(parameters, "fence.f", "id");
  const isOwners = fences.every(({ id, epoch }) => tables.shards[id as number]?.epoch === epoch);
  const isHeld = !guards.epoch || isOwners;
  if (!isHeld) return { row: [false, now, [], [], []], flushed: null, missed: [] };
  const work = new FlushWork(tables, now, guards);
  const finished = rowsOf(parameters, "finished.v", "run_id");
  const waitedOfFinished = waitedOf(parameters, "archived.f");
  for (const row of finished) work.untrigger(row);
  const finishedOrds = finished.flatMap((row, at) =>
    work.finish(row, waitedOfFinished[at] ?? null) ? [at + 1] : [],
  );
  const started = rowsOf(parameters, "started.v", "run_id");
  const waitedOfStarted = waitedOf(parameters, "archived.s");
  const startedKeys = started.flatMap((row, at) =>
    work.start(row, waitedOfStarted[at] ?? null) ? [keyOf(row)] : [],
  );
  const runs = rowsOf(parameters, "updated_run.v", "id");
  const slices = (parameters.get("updated_run.slices")?.["all"] ?? []) as number[];
  const runOrds = runs.flatMap((row, at) =>
    work.updateRun(row, slices.slice(at * stateCodes, (at + 1) * stateCodes)) ? [at + 1] : [],
  );
  // As Postgres does it: what the answer does not ask for comes last, so a row that breaks a rule is told before a late event.
  work.takeEvents(parameters);
  const isWritten = new Set(finishedOrds);
  work.takeXcoms(rowsOf(parameters, "xcoms.v", "finished_ord"), isWritten);
  work.takeExpansions(rowsOf(parameters, "expanded.v", "run_id"));
  work.takeInputs(rowsOf(parameters, "asked.v", "finished_ord"), isWritten);
  work.closeInputs(rowsOf(parameters, "asked_no_more.v", "finished_ord"), isWritten);
  work.takeCallbacks(rowsOf(parameters, "called_back.v", "run_id"));
  const flushed = work.commit(isOwners);
  return {
    row: [
      true,
      now,
      finishedOrds.length < finished.length ? finishedOrds : null,
      startedKeys.length < started.length ? startedKeys : null,
      runOrds.length < runs.length ? runOrds : null,
    ],
    flushed,
    missed: work.missed,
  };
}

const stateCodes = 14;

/** 13 or 14 where the attempt that leaves its row gave its slot back. */
function waitedOf(parameters: NamedParameters, part: string): readonly (number | null)[] {
  return (parameters.get(part)?.["waited"] ?? []) as readonly (number | null)[];
}

function keyOf({ run_id: runId, ix, map_ix: mapIx }: Record<string, Value>): string {
  return `${String(runId)} ${String(ix)} ${String(mapIx)}`;
}

/** Gathers what is written, looking at the tables as they are. */
class FlushWork {
  readonly #tables: Tables;
  readonly #now: number;
  readonly #guards: FlushGuards;
  readonly #writes: (() => void)[] = [];
  readonly #instances: InstanceChange[] = [];
  readonly #runs: { before: RunRow; after: RunRow }[] = [];
  readonly #runIds: number[] = [];
  readonly missed: string[] = [];

  constructor(tables: Tables, now: number, guards: FlushGuards) {
    this.#tables = tables;
    this.#now = now;
    this.#guards = guards;
  }

  /** @throws a unique violation when one of them is written already. */
  takeEvents(parameters: NamedParameters): void {
    const changes = (parameters.get("written_event.slices")?.["all"] ?? []) as number[];
    for (const row of rowsOf(parameters, "written_event.v", "run_id")) {
      const runId = row["run_id"] as number;
      const seq = row["seq"] as number;
      const { events } = this.#tables.dataOf(runId);
      if (events.has(seq)) {
        if (!this.#guards.event) continue;
        const message = 'duplicate key value violates unique constraint "event_pkey"';
        throw refused(uniqueViolation, message, "event_pkey");
      }
      const event = {
        run_id: runId,
        seq,
        at: this.#now,
        run_state: row["run_state"] as number,
        changes: changes.slice((row["first"] as number) - 1, row["last"] as number),
      };
      this.#runIds.push(runId);
      this.#writes.push(() => void events.set(seq, event));
    }
  }

  /** A task instance that is cleared, or removed, finds the runs no more that it triggered. */
  untrigger(v: Record<string, Value>): void {
    if (v["state"] !== 1 && v["state"] !== 10) return;
    const { triggers } = this.#tables;
    const own = triggers.filter(
      (row) =>
        row.parent_run_id === v["run_id"] && row.ix === v["ix"] && row.map_ix === v["map_ix"],
    );
    this.#writes.push(() => own.forEach((row) => void (row.is_current = false)));
  }

  finish(v: Record<string, Value>, waited: number | null): boolean {
    const data = this.#tables.dataOf(v["run_id"] as number);
    const key = instanceKey(v["ix"] as number, v["map_ix"] as number);
    const t = data.instances.get(key);
    if (t === undefined) return this.#miss(v, undefined);
    if (this.#guards.attempt && t.attempt !== v["attempt"]) return this.#miss(v, t);
    const state = v["state"] as number;
    const isMarked = v["is_marked"] === true;
    const isFree = t.state !== state || (state === 11 && t.losses > 1);
    if (this.#guards.state && (!isFree || !mayBecome(t, state, isMarked))) return this.#miss(v, t);
    const isBare = state === 1 || state === 10;
    const failure = (v["failure"] as Buffer | null) ?? t.failure;
    const after: InstanceRow = {
      ...t,
      state,
      uncounted: v["uncounted"] as number,
      losses: v["losses"] as number,
      session_key: isBare ? null : t.session_key,
      ready_at: isBare ? null : t.ready_at,
      started_at: isBare ? null : t.started_at,
      ended_at: this.#endOf(t, state, isMarked),
      wait_until: v["wait_until"] as number | null,
      out: v["out"] as Buffer | null,
      failure: [2, 7, 11].includes(state) ? failure : null,
      lengths: v["lengths"] === null ? null : readLiteral(v["lengths"] as string).map(Number),
      choice: v["choice"] === null ? null : readLiteral(v["choice"] as string),
      deferral: deferralOf(t, state, v["losses"] as number, v["deferral"] as Buffer | null),
      map_index_label: isBare
        ? null
        : ((v["map_index_label"] as string | null) ?? t.map_index_label),
    };
    if (isBare) this.#archiveCleared(t, state, v["failure"] as Buffer | null, waited);
    this.#write(t, after, isMarked);
    return true;
  }

  #miss(v: Record<string, Value>, t: InstanceRow | undefined): false {
    const is = t === undefined ? "nothing" : `${t.state}@${t.attempt}`;
    this.missed.push(`${keyOf(v)}: ${is}, to be ${String(v["state"])}@${String(v["attempt"])}`);
    return false;
  }

  #endOf(t: InstanceRow, state: number, isMarked: boolean): number | null {
    if (state === 1 || state === 5) return null;
    return state === 2 || isMarked ? (t.ended_at ?? this.#now) : this.#now;
  }

  start(v: Record<string, Value>, waited: number | null): boolean {
    const runId = v["run_id"] as number;
    const [ix, mapIx, state] = [v["ix"], v["map_ix"], v["state"]] as [number, number, number];
    const attempt = v["attempt"] as number;
    const data = this.#tables.dataOf(runId);
    const t = data.instances.get(instanceKey(ix, mapIx));
    if (t !== undefined && !this.#mayStart(t, state, attempt)) return this.#miss(v, t);
    const isRunning = state === 4;
    const after: InstanceRow = {
      run_id: runId,
      ix,
      map_ix: mapIx,
      state,
      attempt,
      uncounted: v["uncounted"] as number,
      losses: v["losses"] as number,
      session_key: v["session_key"] as number | null,
      ready_at: v["ready_at"] as number | null,
      started_at: isRunning ? this.#now : null,
      ended_at: state === 1 || isRunning ? null : this.#now,
      wait_until: null,
      out: null,
      failure: v["failure"] as Buffer | null,
      lengths: null,
      choice: v["choice"] === null ? null : readLiteral(v["choice"] as string),
      map_index_label: t?.map_index_label ?? null,
      deferral: t?.deferral ?? null,
    };
    if (t !== undefined && (t.state === 12 || t.deferral !== null)) after.started_at = t.started_at;
    if (isRunning && attempt > 1) this.#archiveEarlier(t, attempt - 1, waited);
    // A new attempt begins with no values of those before it, unless it goes on after a deferral.
    if (attempt > 1 && after.deferral === null) this.#purge(runId, ix, mapIx);
    this.#write(t ?? null, after, false);
    return true;
  }

  #mayStart(t: InstanceRow, state: number, attempt: number): boolean {
    if (state !== 4) return t.attempt === 0 && t.state !== state;
    const isNext = !this.#guards.attempt || t.attempt === attempt - 1;
    return isNext && (!this.#guards.state || [1, 2, 11, 12].includes(t.state));
  }

  updateRun(v: Record<string, Value>, counts: number[]): boolean {
    const r = this.#tables.runs.get(v["id"] as number);
    const state = v["state"] as number;
    const revision = v["revision"] as number;
    const isReopened = v["is_reopened"] === true;
    const isLegal = isReopened
      ? [3, 4].includes(r?.state ?? 0)
      : state >= Math.min(r?.state ?? 0, 3);
    if (r === undefined || r.revision >= revision || !isLegal) {
      const is = r === undefined ? "nothing" : `${r.state} revision ${r.revision}`;
      const asked = `${state}${isReopened ? " (opened again)" : ""} revision ${revision}`;
      this.missed.push(`run ${String(v["id"])}: ${is}, to be ${asked}`);
      return false;
    }
    const now = this.#now;
    const isCancel = v["is_cancel_requested"] === true;
    const keptStart = isReopened ? null : r.started_at;
    const keptCancel = isReopened ? null : r.cancel_requested_at;
    const begins = (state === 2 || state === 3) && (isReopened || r.started_at === null);
    const after: RunRow = {
      ...r,
      state,
      queued_at: isReopened ? now : r.queued_at,
      started_at: begins ? now : keptStart,
      ended_at: ![3, 4].includes(state) ? null : isReopened ? now : (r.ended_at ?? now),
      cancel_requested_at:
        isCancel && (isReopened || r.cancel_requested_at === null) ? now : keptCancel,
      reopen_count: r.reopen_count + (isReopened ? 1 : 0),
      failure: v["failure"] as Buffer | null,
      counts: counts.slice(),
      revision,
    };
    checkRun(after);
    this.#runs.push({ before: r, after });
    this.#writes.push(() => void this.#tables.runs.set(r.id, after));
    return true;
  }

  takeXcoms(rows: readonly Record<string, Value>[], finished: ReadonlySet<number>): void {
    for (const v of rows) {
      if (!finished.has(v["finished_ord"] as number)) continue;
      const row = {
        run_id: v["run_id"] as number,
        ix: v["ix"] as number,
        map_ix: v["map_ix"] as number,
        key: v["key"] as string,
        value: v["value"] as Buffer,
      };
      const { xcoms } = this.#tables.dataOf(row.run_id);
      this.#writes.push(() => void xcoms.set(`${row.ix} ${row.map_ix} ${row.key}`, row));
    }
  }

  takeExpansions(rows: readonly Record<string, Value>[]): void {
    for (const v of rows) {
      const row = {
        run_id: v["run_id"] as number,
        ix: v["ix"] as number,
        length: v["length"] as number,
      };
      const { expansions } = this.#tables.dataOf(row.run_id);
      this.#writes.push(() => void expansions.set(row.ix, row));
    }
  }

  takeInputs(rows: readonly Record<string, Value>[], finished: ReadonlySet<number>): void {
    for (const v of rows) {
      if (v["state"] !== 1 || !finished.has(v["finished_ord"] as number)) continue;
      const row: InputRow = {
        ...attemptOf(v),
        state: 1,
        form: v["form"] as Buffer,
        asked_at: this.#now,
        timeout_at: v["timeout_at"] as number | null,
        ended_at: null,
        answered_by: null,
        answer: null,
      };
      const { inputs } = this.#tables.dataOf(row.run_id);
      const key = attemptKey(row);
      if (!inputs.has(key)) this.#writes.push(() => void inputs.set(key, row));
    }
  }

  closeInputs(rows: readonly Record<string, Value>[], finished: ReadonlySet<number>): void {
    for (const v of rows) {
      const state = v["state"] as number;
      if (state <= 1 || !finished.has(v["finished_ord"] as number)) continue;
      const { inputs } = this.#tables.dataOf(v["run_id"] as number);
      const key = attemptKey(attemptOf(v));
      const before = inputs.get(key);
      if (before?.state !== 1) continue;
      const after = {
        ...before,
        state,
        ended_at: this.#now,
        answered_by: v["answered_by"] as string | null,
        answer: v["answer"] as Buffer | null,
      };
      this.#writes.push(() => void inputs.set(key, after));
    }
  }

  takeCallbacks(rows: readonly Record<string, Value>[]): void {
    for (const v of rows) {
      const row: CallbackRow = {
        ...attemptOf(v),
        event: v["event"] as number,
        ordinal: v["ordinal"] as number,
        state: 1,
        tries: 0,
        happened_at: v["happened_at"] as number,
        next_try_at: null,
        ended_at: null,
        cause: v["cause"] as Buffer | null,
        failure: null,
      };
      const { callbacks } = this.#tables.dataOf(row.run_id);
      const key = `${attemptKey(row)} ${row.event} ${row.ordinal}`;
      this.#writes.push(() => void callbacks.set(key, row));
    }
  }

  commit(isOwners: boolean): Flushed {
    for (const write of this.#writes) write();
    return {
      at: this.#now,
      isOwners,
      runIds: this.#runIds,
      instances: this.#instances,
      runs: this.#runs,
    };
  }

  #write(before: InstanceRow | null, after: InstanceRow, isMarked: boolean): void {
    checkInstance(after);
    this.#instances.push({ before, after, isMarked });
    const { instances } = this.#tables.dataOf(after.run_id);
    this.#writes.push(() => void instances.set(instanceKey(after.ix, after.map_ix), after));
  }

  /** Its successor is granted. After a wait for the next look the same try goes on, and nothing is archived. */
  #archiveEarlier(t: InstanceRow | undefined, attempt: number, waited: number | null): void {
    if (t !== undefined && t.attempt === attempt && [2, 11].includes(t.state))
      this.#archive(t, null, waited);
  }

  #archiveCleared(
    t: InstanceRow,
    state: number,
    failure: Buffer | null,
    waited: number | null,
  ): void {
    const states = [2, 5, 6, 7, 8, 9, 11, 12, 13, 14, ...(state === 10 ? [4] : [])];
    if (states.includes(t.state)) this.#archive(t, failure, waited);
  }

  #archive(t: InstanceRow, failure: Buffer | null, waited: number | null): void {
    if (t.started_at === null) return;
    const { attempts } = this.#tables.dataOf(t.run_id);
    const key = `${t.ix} ${t.map_ix} ${t.attempt}`;
    if (attempts.has(key)) {
      const message = 'duplicate key value violates unique constraint "task_instance_attempt_pkey"';
      throw refused(uniqueViolation, message, "task_instance_attempt_pkey");
    }
    const row = {
      run_id: t.run_id,
      ix: t.ix,
      map_ix: t.map_ix,
      attempt: t.attempt,
      state: t.state === 4 ? 5 : t.state === 2 ? (waited ?? 2) : t.state,
      session_key: t.session_key,
      started_at: t.started_at,
      ended_at: t.ended_at ?? this.#now,
      failure: t.failure ?? failure,
    };
    this.#writes.push(() => void attempts.set(key, row));
  }

  #purge(runId: number, ix: number, mapIx: number): void {
    const { xcoms } = this.#tables.dataOf(runId);
    const prefix = `${ix} ${mapIx} `;
    const old = [...xcoms.keys()].filter((key) => key.startsWith(prefix));
    this.#writes.push(() => old.forEach((key) => void xcoms.delete(key)));
  }
}

/** What a body goes on with stays until the attempt that does has ended, even if that one is lost. */
function deferralOf(
  t: InstanceRow,
  state: number,
  losses: number,
  deferral: Buffer | null,
): Buffer | null {
  if (state === 2) return deferral ?? t.deferral;
  if (state === 13 || state === 14) return deferral;
  return state === 11 && losses > t.losses ? t.deferral : null;
}

const waiting = [13, 14];

/** What may become what, as `finished` says it. */
function mayBecome(t: InstanceRow, state: number, isMarked: boolean): boolean {
  const isOpen = [2, 4].includes(t.state) || (t.state === 11 && t.losses > 1);
  switch (state) {
    case 1:
      return t.state !== 4;
    case 2:
      return [4, 11, 12, ...waiting].includes(t.state);
    case 5:
      return t.state === 4;
    case 6:
      return isOpen || waiting.includes(t.state) || isMarked;
    case 11:
      return isOpen || waiting.includes(t.state);
    case 12:
    case 13:
    case 14:
      return isOpen;
    case 7:
    case 8:
      return [1, 2, 4, 5, 11, 12, ...waiting].includes(t.state) || isMarked;
    case 9:
      return [1, 2, 11, 12, ...waiting].includes(t.state);
    case 10:
      return true;
    default:
      return false;
  }
}
