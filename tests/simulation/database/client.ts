/** A process's `Database` in the simulation: the driver's calls travel to the server in memory, and what can go wrong does. */

import type { Database, Lane } from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import type { VirtualProcess } from "../machine.ts";
import type { Random } from "../random.ts";
import { readParameter } from "./binary.ts";
import { connectionLost, refused } from "./errors.ts";
import type { Job } from "./call.ts";
import { dagThing, needsOf, needsOfFlush } from "./needs.ts";
import { createPrisma } from "./prisma.ts";
import type { DatabaseServer, Packed, Transaction } from "./server.ts";

/** Probabilities of what happens to a statement, and how long it takes. Changed while the simulation runs. */
export type DatabaseFaults = {
  /** The connection breaks before the statement takes place. */
  lostBefore: number;
  /** The statement takes place, and the connection breaks before its answer arrives. */
  lostAfter: number;
  /** The server is too busy and refuses; nothing takes place. */
  busy: number;
  /** The statement takes long: up to `slowMs`. */
  slow: number;
  slowMs: number;
  /** The statement stays on its way until long after its sender has given up, and then takes place. */
  stalled: number;
  /** Nobody can connect until then, and whoever is connected is cut off; the machine's time. */
  downUntil: number;
};

export function noDatabaseFaults(): DatabaseFaults {
  return { lostBefore: 0, lostAfter: 0, busy: 0, slow: 0, slowMs: 0, stalled: 0, downUntil: 0 };
}

export type ClientOptions = {
  readonly server: DatabaseServer;
  readonly process: VirtualProcess;
  readonly faults: DatabaseFaults;
  readonly random: Random;
  /** Told of what statements of the pool have answered. */
  onAnswer?(statement: string, rows: readonly object[]): void;
  /** Told of each fault that has had its effect. */
  onFault(kind: string): void;
};

/** The server gives up waiting for a lock, and on a statement, after so long; the client on an answer. */
const lockTimeoutMs = 2_000;
const statementTimeoutMs = 5_000;
const idleTransactionMs = 10_000;
const answerTimeoutMs = 10_000;
const stallMs = { least: 500, most: 40_000 };
const networkMs = { least: 0.1, most: 0.5 };
const serviceMs = { least: 0.2, most: 1.5 };
const busy = "57014";

export function createClient(options: ClientOptions): Database {
  const { server, process, faults, random } = options;
  const { machine } = process;

  /** What a statement comes to, however long that takes; never settles for a process that is dead. */
  function call<T>(job: Job<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void): void => void machine.after(network(), process, settle);
      const fail = (error: Error): void => answer(() => reject(error));
      if (job.transaction === null && random.chance(faults.stalled)) return stall(job, fail);
      machine.after(network(), null, () => {
        if (faults.downUntil > machine.now) return fail(connectionLost());
        if (random.chance(faults.lostBefore)) return lose("database.lost_before", fail);
        const ms = serviceTime();
        if (ms > statementTimeoutMs || random.chance(faults.busy)) {
          options.onFault("database.busy");
          return fail(refused(busy, "canceling statement due to statement timeout"));
        }
        machine.after(ms, null, () =>
          perform(job, machine.now + lockTimeoutMs, fail, answer, resolve),
        );
      });
    });
  }

  /** As a network does that comes back: what was sent arrives, though nobody waits for its answer. */
  function stall(job: Job<unknown>, fail: (error: Error) => void): void {
    options.onFault("database.stalled");
    process.after(answerTimeoutMs, () => fail(connectionLost()));
    const late = (): void => {
      if (server.isHeldUp(job.needs, null)) return void machine.after(1, null, late);
      try {
        job.execute();
      } catch (error) {
        options.onFault(`database.stalled_${error instanceof Error ? error.name : "error"}`);
      }
    };
    machine.after(random.between(stallMs.least, stallMs.most), null, late);
  }

  function lose(kind: string, fail: (error: Error) => void): void {
    options.onFault(kind);
    fail(connectionLost());
  }

  function perform<T>(
    job: Job<T>,
    giveUpAt: number,
    fail: (error: Error) => void,
    answer: (settle: () => void) => void,
    resolve: (result: T) => void,
  ): void {
    if (faults.downUntil > machine.now) return fail(connectionLost());
    if (job.transaction?.isOpen === false) return fail(connectionLost());
    if (server.isHeldUp(job.needs, job.transaction)) {
      if (machine.now >= giveUpAt)
        return fail(refused("55P03", "canceling statement due to lock timeout"));
      return void machine.after(1, null, () => perform(job, giveUpAt, fail, answer, resolve));
    }
    let result: T;
    try {
      result = job.execute();
    } catch (error) {
      return fail(error as Error);
    }
    if (random.chance(faults.lostAfter)) return lose("database.lost_after", fail);
    answer(() => resolve(result));
  }

  function network(): number {
    return random.between(networkMs.least, networkMs.most);
  }

  function serviceTime(): number {
    if (!random.chance(faults.slow)) return random.between(serviceMs.least, serviceMs.most);
    options.onFault("database.slow");
    return random.between(serviceMs.most, faults.slowMs);
  }

  function lane(name: string): Lane {
    let last: Promise<unknown> = Promise.resolve();
    return {
      name,
      send(statements) {
        const pack = statements as readonly Packed[];
        const sent = last.then(() => {
          if (faults.downUntil > machine.now) throw unreachable();
          return call({
            needs: needsOfFlush(shardsOf(pack), tickedDags(pack).map(dagThing)),
            transaction: null,
            execute: () => server.runPack(pack),
          });
        });
        last = sent.catch(() => undefined);
        return sent;
      },
      close: () => Promise.resolve(),
    };
  }

  type Query = string | { readonly name: string; readonly values: readonly unknown[] };

  async function query(asked: Query, transaction: Transaction | null = null): Promise<Answer> {
    if (typeof asked === "string") throw new Error(`The simulation does not know: ${asked}`);
    const { name, values } = asked;
    const execute = () => server.run(name, values, transaction);
    const rows = await call({ needs: needsOf(name, values), transaction, execute });
    options.onAnswer?.(name, rows);
    return { rows };
  }

  /** One connection for a transaction. */
  function connection() {
    let transaction: Transaction | null = null;
    let watch = 0;
    const watchIdle = (): void => {
      const watched = ++watch;
      // The server ends what a client that stands still, or is dead, has left open.
      machine.after(idleTransactionMs, null, () => {
        if (watched === watch && transaction !== null) server.rollback(transaction);
      });
    };
    const isolated: Record<string, () => void> = {
      BEGIN: () => {
        const opened = server.begin();
        transaction = opened;
        process.onDeath(() => server.rollback(opened));
      },
      COMMIT: () => {
        if (transaction !== null) server.commit(transaction);
        transaction = null;
      },
      ROLLBACK: () => {
        if (transaction !== null) server.rollback(transaction);
        transaction = null;
      },
    };
    return {
      async query(asked: Query): Promise<Answer> {
        watchIdle();
        try {
          const control = typeof asked === "string" ? isolated[asked] : undefined;
          if (control === undefined) return await query(asked, transaction);
          await call({ needs: needsOf("", []), transaction, execute: control });
          return { rows: [] };
        } catch (error) {
          // A connection that broke takes its transaction with it.
          if (transaction !== null) server.rollback(transaction);
          throw error;
        }
      },
      release: () => void (watch += 1),
    };
  }

  /** As Prisma's client opens one: it is undone when it takes too long, and with its process. */
  function openTransaction(): Transaction {
    const opened = server.begin();
    const undo = (): void => server.rollback(opened);
    const end = process.onDeath(undo);
    machine.after(answerTimeoutMs, null, () => {
      end();
      undo();
    });
    return opened;
  }

  const pool = {
    query: (asked: Query) => query(asked),
    connect: () => Promise.resolve(connection()),
  };
  return {
    url: "simulated",
    pool,
    prisma: createPrisma(server, call, openTransaction),
    lanes: [lane("lane 0"), lane("lane 1")],
    makingLane: lane("making lane"),
    close: () => Promise.resolve(),
  } as unknown as Database;
}

type Answer = { readonly rows: object[] };

function unreachable(): MillraceError {
  return new MillraceError("DATABASE_UNREACHABLE");
}

/** The shards that a flush holds against a take-over. */
function shardsOf(pack: readonly Packed[]): number[] {
  const fence = pack.find(({ name }) => name === "flush_fence");
  const shards = fence?.values[1];
  return Buffer.isBuffer(shards) ? (readParameter(shards) as number[]) : [];
}

/** The DAGs whose schedules a making of runs moves. */
function tickedDags(pack: readonly Packed[]): string[] {
  const making = pack.find(({ name }) => name === "run_create_batch");
  if (making === undefined) return [];
  const column = (at: number) => readParameter(making.values[at] ?? null) as unknown[];
  const types = column(4);
  return column(1).flatMap((dagId, at) => (types[at] === automated ? [String(dagId)] : []));
}

const automated = 1;
