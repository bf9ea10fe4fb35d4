/**
 * The database server of the simulation: statements take place one at a time and whole, in the order in which they are done;
 * transactions of several statements hold their shards until they end, and are undone with their connection.
 */

import { sqlText } from "./sql-text.ts";
import { consumeAssets, consumePartition, makeEvents } from "./asset-events.ts";
import { readParameter, type Parameter } from "./binary.ts";
import { createRuns } from "./create-runs.ts";
import { refused } from "./errors.ts";
import { allGuards, flush, type Flushed, type FlushGuards } from "./flush.ts";
import { Holding, needsOf, type Needs } from "./needs.ts";
import { nameParameters } from "./parameters.ts";
import { acrossStatements, writeTriggers } from "./statements-across.ts";
import { assetStatements } from "./statements-assets.ts";
import { backfillStatements } from "./statements-backfills.ts";
import { callbackStatements } from "./statements-callbacks.ts";
import { dagStatements } from "./statements-dags.ts";
import { deadlineStatements } from "./statements-deadlines.ts";
import { inputStatements } from "./statements-inputs.ts";
import { partitionStatements } from "./statements-partitions.ts";
import { pastStatements } from "./statements-past.ts";
import { poolStatements } from "./statements-pools.ts";
import { rateStatements } from "./statements-rates.ts";
import { runStatements } from "./statements-runs.ts";
import { sessionStatements, shardStatements } from "./statements-shards.ts";
import { logStatements } from "./statements-logs.ts";
import { watcherStatements } from "./statements-watchers.ts";
import { taskStatements } from "./statements-tasks.ts";
import { noDrafts, type Drafts, type Statements } from "./statement.ts";
import { requestKey, Tables } from "./tables.ts";

export type Packed = {
  readonly name: string;
  readonly values: readonly (string | Buffer | null)[];
};

/** A transaction that is under way. */
export type Transaction = {
  readonly undo: (() => void)[];
  /** What takes place only with its end, so that nobody sees it before. */
  readonly writes: ((now: number) => void)[];
  readonly drafts: Drafts;
  readonly holding: Holding;
  isOpen: boolean;
};

/** And that requests are answered once, and dates have one run. */
type Guards = FlushGuards & { readonly request: boolean; readonly date: boolean };

export type ServerOptions = {
  /** The database's clock, milliseconds since 1970. */
  readonly now: () => number;
  readonly guards?: Partial<Guards>;
  /** Changes what a statement answers: a planted bug. */
  readonly rows?: (
    statement: string,
    rows: object[],
    values: readonly unknown[],
    now: number,
  ) => object[];
  /** Called with what the product asks and this database cannot answer: nothing that happens then is worth anything. */
  onUnknown?(error: Error): void;
  /** Called with rows of a flush that did not take effect, in words. */
  onMissed?(missed: readonly string[]): void;
  /** Called after a flush has taken place. */
  onFlush?(flushed: Flushed): void;
};

const statements: Statements = {
  ...shardStatements,
  ...sessionStatements,
  ...dagStatements,
  ...runStatements,
  ...taskStatements,
  ...callbackStatements,
  ...pastStatements,
  ...poolStatements,
  ...acrossStatements,
  ...assetStatements,
  ...partitionStatements,
  ...inputStatements,
  ...backfillStatements,
  ...deadlineStatements,
  ...rateStatements,
  ...watcherStatements,
  ...logStatements,
};

export class DatabaseServer {
  readonly tables = new Tables();
  readonly #options: ServerOptions;
  readonly #guards: Guards;
  readonly #open = new Set<Transaction>();

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#guards = { ...allGuards, request: true, date: true, ...options.guards };
  }

  begin(): Transaction {
    const transaction = {
      ...{ undo: [], writes: [], drafts: noDrafts() },
      ...{ holding: new Holding(), isOpen: true },
    };
    this.#open.add(transaction);
    return transaction;
  }

  commit(transaction: Transaction): void {
    for (const write of transaction.writes) write(this.#options.now());
    this.#end(transaction);
  }

  rollback(transaction: Transaction): void {
    if (!transaction.isOpen) return;
    for (const undo of transaction.undo.toReversed()) undo();
    this.#end(transaction);
  }

  #end(transaction: Transaction): void {
    transaction.isOpen = false;
    this.#open.delete(transaction);
  }

  /** Whether somebody else's transaction holds what a statement needs. */
  isHeldUp(needs: Needs, by: Transaction | null): boolean {
    for (const transaction of this.#open)
      if (transaction !== by && transaction.holding.holdsUp(needs)) return true;
    return false;
  }

  /** Runs a statement of the pool. Rows as objects. @throws what the server would say. */
  run(name: string, values: readonly unknown[], transaction: Transaction | null): object[] {
    const statement = statements[name];
    if (statement === undefined) {
      const error = new Error(`The database of the simulation has no statement "${name}".`);
      this.#options.onUnknown?.(error);
      throw error;
    }
    const { tables } = this;
    tables.undo = transaction?.undo ?? null;
    try {
      transaction?.holding.add(needsOf(name, values));
      const now = this.#options.now();
      const atEnd = (write: (now: number) => void): void =>
        void (transaction === null ? write(now) : transaction.writes.push(write));
      const drafts = transaction?.drafts ?? noDrafts();
      const rows = statement({ tables, now, atEnd, drafts }, values);
      return this.#options.rows?.(name, rows, values, now) ?? rows;
    } finally {
      tables.undo = null;
    }
  }

  /** Runs what a lane sends, as one transaction. Rows as arrays. */
  runPack(pack: readonly Packed[]): unknown[][][] {
    const undo: (() => void)[] = [];
    this.tables.undo = undo;
    const flushes: Flushed[] = [];
    try {
      const answers = pack.map((statement) => this.#runPacked(statement, flushes));
      for (const flushed of flushes) this.#options.onFlush?.(flushed);
      return answers;
    } catch (error) {
      for (const take of undo.toReversed()) take();
      throw error;
    } finally {
      this.tables.undo = null;
    }
  }

  #runPacked({ name, values }: Packed, flushes: Flushed[]): unknown[][] {
    const parameters = values.map(readParameter);
    const now = this.#options.now();
    switch (name) {
      case "flush_fence":
        return [];
      case "flush":
      case "flush_ordinary": {
        const named = nameParameters(sqlText("flush"), parameters);
        const { row, flushed, missed } = flush(this.tables, named, now, this.#guards);
        if (flushed !== null) flushes.push(flushed);
        if (missed.length > 0) this.#options.onMissed?.(missed);
        return [[...row]];
      }
      case "flush_answers":
        this.#keepAnswers(parameters as unknown[][], now);
        return [];
      case "event_list_written": {
        const [runIds, seqs] = parameters as [number[], number[]];
        const { tables } = this;
        return runIds.flatMap((runId, at) =>
          tables.dataOf(runId).events.has(seqs[at]!) ? [[runId]] : [],
        );
      }
      case "flush_asset_events":
        return this.#makeEvents(parameters, now);
      case "run_trigger_write":
        writeTriggers(this.tables, parameters);
        return [];
      case "run_consume_assets":
        return consumeAssets(this.tables, parameters);
      case "run_consume_partition":
        return consumePartition(this.tables, parameters);
      case "event_bar":
        return [[this.#barEvents(parameters as number[][], now)]];
      case "run_create_batch":
        return createRuns(this.tables, parameters, now, this.#guards);
      default:
        this.#options.onUnknown?.(new Error(`The simulation has no packed statement "${name}".`));
        throw refused("42P01", `The simulation has no packed statement "${name}".`);
    }
  }

  /** Of successes that took effect; nothing for who does not own the shards. */
  #makeEvents(parameters: readonly Parameter[], now: number): unknown[][] {
    const [shards, epochs] = parameters as [number[], number[]];
    const isHeld = shards.every((id, at) => this.tables.shards[id]?.epoch === epochs[at]);
    if (this.#guards.epoch && !isHeld) return [];
    return makeEvents(this.tables, nameParameters(sqlText("flush_asset_events"), parameters), now);
  }

  #barEvents([shards = [], epochs = [], runIds = [], seqs = []]: number[][], now: number): boolean {
    if (!shards.every((id, at) => this.tables.shards[id]?.epoch === epochs[at])) return false;
    for (const [at, runId] of runIds.entries()) {
      const run = this.tables.runs.get(runId);
      const seq = seqs[at]!;
      if (run === undefined) continue;
      const { events, barred } = this.tables.dataOf(runId);
      if (events.has(seq)) continue;
      events.set(seq, { run_id: runId, seq, at: now, run_state: run.state, changes: [] });
      barred.add(seq);
    }
    return true;
  }

  #keepAnswers(columns: readonly (readonly unknown[])[], now: number): void {
    const [shards, epochs, methods, principals, requestIds, hashes, answers] = columns;
    const isHeld = (shards as number[]).every(
      (id, at) => this.tables.shards[id]?.epoch === epochs?.[at],
    );
    if (!this.#guards.request || (this.#guards.epoch && !isHeld)) return;
    for (const [at, method] of (methods as string[]).entries()) {
      const row = {
        method,
        principal: principals?.[at] as string,
        request_id: requestIds?.[at] as string,
        body_hash: hashes?.[at] as Buffer,
        answer: answers?.[at] as Buffer,
        at: now,
      };
      if (this.tables.requests.get(requestKey(row)) === undefined) this.tables.requests.put(row);
    }
  }
}
