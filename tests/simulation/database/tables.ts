/** The tables of the simulation's database. A change of it can be undone until the transaction that made it has ended. */

import { AssetTables } from "./asset-tables.ts";
import type * as rows from "./rows.ts";

/** A table by key, in the order of insertion; `rows` of a run are found by their prefix. */
export class Table<Row extends object> {
  readonly #rows = new Map<string, Row>();
  readonly #keyOf: (row: Row) => string;
  readonly #undo: () => (() => void)[] | null;

  constructor(keyOf: (row: Row) => string, undo: () => (() => void)[] | null) {
    this.#keyOf = keyOf;
    this.#undo = undo;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  all(): IterableIterator<Row> {
    return this.#rows.values();
  }

  put(row: Row): void {
    const key = this.#keyOf(row);
    const before = this.#rows.get(key);
    this.#rows.set(key, row);
    this.#undo()?.push(() => {
      if (before === undefined) this.#rows.delete(key);
      else this.#rows.set(key, before);
    });
  }

  delete(key: string): void {
    const before = this.#rows.get(key);
    if (before === undefined) return;
    this.#rows.delete(key);
    this.#undo()?.push(() => void this.#rows.set(key, before));
  }
}

/** What hangs on a run, with the tables' own keys. */
export type RunData = {
  readonly instances: Map<string, rows.InstanceRow>;
  readonly attempts: Map<string, rows.AttemptRow>;
  readonly events: Map<number, rows.EventRow>;
  /** Numbers of events that no flush may write any more. */
  readonly barred: Set<number>;
  readonly xcoms: Map<string, rows.XcomRow>;
  readonly expansions: Map<number, rows.ExpansionRow>;
  readonly inputs: Map<string, rows.InputRow>;
  readonly callbacks: Map<string, rows.CallbackRow>;
};

export function instanceKey(ix: number, mapIx: number): string {
  return `${ix} ${mapIx}`;
}

export class Tables {
  readonly shards: rows.ShardRow[] = Array.from({ length: 64 }, (_, id) => ({
    id,
    owner: null,
    epoch: 0,
    expires_at: Number.NEGATIVE_INFINITY,
  }));
  readonly dags = new Map<string, rows.DagRow>();
  readonly versions = new Map<number, rows.DagVersionRow>();
  /** In the order of commits. For checks; no table of the product. */
  readonly dagChanges: rows.DagChange[] = [];
  readonly runs = new Map<number, rows.RunRow>();
  readonly data = new Map<number, RunData>();
  readonly signingKeys = new Map<string, Uint8Array>();
  readonly sessions = new Map<number, rows.SessionRow>();
  /** By session: when it was last renewed after its time had passed. For checks; no table of the product. */
  readonly revived = new Map<number, number>();
  readonly requests: Table<rows.RequestRow>;
  /** In the order in which they were written. */
  readonly triggers: rows.TriggerRow[] = [];
  /** Starts by rate, and by the part of its time in which they were taken. */
  readonly starts = new Map<string, Map<number, number>>();
  /** All starts that were ever taken, for whoever counts them. */
  readonly takenStarts: { readonly key: string; readonly part: number; readonly taken: number }[] =
    [];
  /** Chunks of logs, by attempt and first line. */
  readonly logs = new Map<string, Map<number, rows.LogChunkRow>>();
  /** What was ever noted to be wrong with timetables. For checks; no table of the product. */
  readonly scheduleProblems: { readonly dag_id: string; readonly problem: string }[] = [];
  readonly backfills = new Map<number, rows.BackfillRow>();
  /** By backfill and ordinal. */
  readonly backfillDates = new Map<string, rows.BackfillDateRow>();
  /** By run, task and ordinal. */
  readonly deadlines = new Map<string, rows.DeadlineRow>();
  readonly assets = new AssetTables();
  /** By run: when it was decided what it is given of its inputs, and since when it was queued. For checks; no table of the product. */
  readonly decidedInputs = new Map<number, { readonly at: number; readonly queuedAt: number }>();
  readonly pools = new Map<string, rows.PoolRow>();
  /** By pool and shard. */
  readonly poolGrants = new Map<string, rows.PoolGrantRow>();
  /** What takes back the changes of the open transaction; null outside of one. */
  undo: (() => void)[] | null = null;
  nextRunBlock = 64;
  nextSessionKey = 1;
  nextChangedSeq = 1;
  nextVersionId = 1;
  nextPoolChange = 1;
  nextBackfill = 1;

  constructor() {
    this.requests = new Table<rows.RequestRow>(requestKey, () => this.undo);
    this.setPool("default_pool", null, false);
  }

  dataOf(runId: number): RunData {
    let data = this.data.get(runId);
    if (data === undefined) {
      data = {
        instances: new Map(),
        attempts: new Map(),
        events: new Map(),
        barred: new Set(),
        xcoms: new Map(),
        expansions: new Map(),
        inputs: new Map(),
        callbacks: new Map(),
      };
      this.data.set(runId, data);
    }
    return data;
  }

  /** Number of the run's last event; 0 before the first. */
  lastSeq(runId: number): number {
    let last = 0;
    for (const seq of this.data.get(runId)?.events.keys() ?? []) last = Math.max(last, seq);
    return last;
  }

  /** The newest version of a DAG. */
  newestOf(dagId: string): rows.DagVersionRow {
    const version = this.dags.get(dagId)?.version;
    return [...this.versions.values()].find(
      (each) => each.dag_id === dagId && each.version === version,
    )!;
  }

  /** What a person changes of a DAG, at the end of the transaction. */
  setDag(row: rows.DagRow, at: number): void {
    this.dags.set(row.dag_id, row);
    const { dag_id: dagId, changed_seq: seq, is_paused: isPaused, is_active: isActive } = row;
    const versionId = this.newestOf(dagId).id;
    this.dagChanges.push({ dagId, seq, at, isPaused, isActive, versionId });
  }

  setPool(name: string, slots: number | null, includeDeferred: boolean): void {
    const changed = this.nextPoolChange++;
    this.pools.set(name, {
      ...{ name, slots, include_deferred: includeDeferred, changed_seq: changed },
    });
  }

  setShard(id: number, change: Partial<rows.ShardRow>): void {
    const before = this.shards[id]!;
    this.shards[id] = { ...before, ...change };
    this.undo?.push(() => void (this.shards[id] = before));
  }
}

export function requestKey(row: {
  readonly method: string;
  readonly principal: string;
  readonly request_id: string;
}): string {
  return JSON.stringify([row.method, row.principal, row.request_id]);
}
