/** Everything that simulated processes share: the machine, the network, the database, and who looks at what happens. */

import { fromBinary } from "@bufbuild/protobuf";
import {
  compileDag,
  runStateName,
  taskStateName,
  type CompiledDag,
  type RunState,
  type TaskState,
} from "@millrace/engine";
import type { Database } from "@millrace/db";
import type { SchedulerSettings } from "@millrace/scheduler";
import { dagSpecFromProto } from "@millrace/wire";
import { DagSpecSchema } from "@millrace/wire/v1";
import type { Planted } from "./planted.ts";
import { createExchange, type Exchange } from "./bus.ts";
import { History } from "./check/history.ts";
import { checkWaits } from "./check/across.ts";
import { checkBackfillRuns } from "./check/backfills.ts";
import { checkActiveRuns } from "./check/active-runs.ts";
import { DagChanges } from "./check/dag-changes.ts";
import { checkInputStarts } from "./check/input-starts.ts";
import { checkLosses } from "./check/losses.ts";
import { Deciders } from "./check/deciders.ts";
import { Ledger } from "./check/ledger.ts";
import { PauseWatch } from "./check/pauses.ts";
import { PoolWatch } from "./check/pools.ts";
import { RateWatch } from "./check/rates.ts";
import { TimetableWatch } from "./check/timetables.ts";
import { Streams } from "./check/watchers.ts";
import { Violation } from "./check/violation.ts";
import { noConnectionFaults, type ConnectionFaults } from "./connection-options.ts";
import { createClient, noDatabaseFaults, type DatabaseFaults } from "./database/client.ts";
import type { InstanceRow, RunRow } from "./database/rows.ts";
import { needsOf } from "./database/needs.ts";
import { DatabaseServer } from "./database/server.ts";
import { Machine, type VirtualProcess } from "./machine.ts";
import { createNetwork, type Network, type NetworkFaults } from "./network.ts";
import { installVirtualPlatform } from "./platform.ts";
import { createRandom, type Random } from "./random.ts";
import { carried } from "./rpc.ts";
import type { ApiNode, OutsideNode } from "./nodes/node.ts";
import { createTrace, type Trace } from "./trace.ts";

/** Probabilities of ends of bodies other than success. */
export type BodyFaults = { fails: number; failsForGood: number; skips: number; defers: number };

export type Faults = {
  readonly database: DatabaseFaults;
  readonly network: NetworkFaults;
  readonly connection: ConnectionFaults;
};

/** What a body said of an outlet, or of an asset that it named for an alias; empty for none, and for the key of its run. */
export type Said = {
  readonly uri: string;
  readonly alias: string;
  readonly partition: string;
  readonly extra: number;
};

export type World = {
  readonly machine: Machine;
  readonly random: Random;
  readonly trace: Trace;
  readonly network: Network;
  readonly exchange: Exchange;
  readonly server: DatabaseServer;
  readonly history: History;
  readonly ledger: Ledger;
  readonly pools: PoolWatch;
  readonly dagChanges: DagChanges;
  readonly pauses: PauseWatch;
  readonly timetables: TimetableWatch;
  readonly deciders: Deciders;
  /** What tasks have made. */
  readonly targets: Set<string>;
  /** What watchers of assets are to see. */
  readonly streams: Streams;
  readonly faults: Faults;
  readonly settings: Partial<SchedulerSettings>;
  /** How bodies behave. */
  readonly script: {
    readonly ms: { readonly usual: number; readonly most: number };
    readonly faults: BodyFaults;
    /** How often a body waits for a run of another DAG; 0 where none triggers any either. */
    waitsAcross: number;
    /** Whether some tasks make something that may be there already. */
    hasTargets: boolean;
    /** How often functions of timetables give no answer, or one that cannot be used. */
    timetablesFail: number;
    /** How often functions fail that decide whether the past matters. */
    decidersFail: number;
    /** How often functions that watch for assets fail. */
    watchersFail: number;
    /** Whether bodies say which parts of their outlets they have made. */
    saysPartitions: boolean;
    /** And which assets they have made of those that their aliases stand for. */
    saysAliases: boolean;
  };
  /** Runs that bodies were told they have triggered. */
  readonly triggered: Set<string>;
  /** What bodies have said of their outlets: by attempt. */
  readonly said: Map<string, readonly Said[]>;
  /** The bug that is planted; null in every other simulation. */
  readonly planted: Planted | null;
  readonly apis: ApiNode[];
  /** Where tokens go; nobody, until somebody takes the place. */
  outside: OutsideNode;
  /** How often each fault has had its effect. */
  readonly injected: Map<string, number>;
  /** What was wrong, once something was. */
  readonly failures: unknown[];
  /** The database's clock, milliseconds since 1970. */
  databaseNow(): number;
  /** What that was in the beginning. */
  readonly begin: number;
  /** The DAG of a `dag_version.id`. */
  dagOfVersion(id: number): CompiledDag;
  /** The newest version of a DAG. */
  newestOf(dagId: string): CompiledDag;
  /** A person makes a pool, or changes it. */
  setPool(name: string, slots: number, includeDeferred: boolean): void;
  spawn(name: string): VirtualProcess;
  database(process: VirtualProcess): Database;
  onFault(kind: string): void;
  /** Sees every line of every log. */
  onLog(level: string, event: string, fields: object): void;
  /** Looks at something; what is wrong with it ends the simulation, and not whoever is looked at. */
  look(check: () => void): void;
};

/** When the database's clock starts: some moment. */
const epochMs = Date.parse("2026-03-01T12:00:00Z");

/** How long a decision may be on its way to the database. */
const newsMs = 60_000;

/** A scheduler's own word for a flush that failed. */
function isStepFailed(error: unknown): boolean {
  return error instanceof Error && error.name === "StepFailed";
}

function changeText({ run_id: runId, ix, map_ix: mapIx, state, attempt }: InstanceRow): string {
  return `run ${runId} task ${ix}/${mapIx} ${taskStateName(state as TaskState)}@${attempt}`;
}

export type WorldOptions = {
  readonly seed: string;
  readonly planted?: Planted | null | undefined;
  readonly write?: ((line: string) => void) | undefined;
};

export function createWorld({ seed, planted = null, write }: WorldOptions): World {
  installVirtualPlatform();
  const machine = new Machine();
  const random = createRandom(seed);
  const trace = createTrace(machine, write ?? null);
  const injected = new Map<string, number>();
  const onFault = (kind: string): void => {
    injected.set(kind, (injected.get(kind) ?? 0) + 1);
    trace.note("world", kind);
  };
  const failures: unknown[] = [];
  const onLog = (level: string, event: string, fields: object): void => {
    const isRefused =
      event === "flush.failed" && "failure" in fields && fields.failure === "refused";
    // The database failed, as it was meant to.
    const error = "err" in fields ? fields.err : null;
    const isPassing = carried(error).reason === "UNAVAILABLE" || isStepFailed(error);
    const isExplained = level !== "error" || isPassing;
    if (isExplained && !isRefused) return;
    const why = "err" in fields ? String(fields.err) : JSON.stringify(fields);
    failures.push(new Violation("K23", `${event} was logged, and nothing explains it: ${why}`));
  };
  const network = createNetwork(machine, random.fork("network"), onFault);
  const look = (check: () => void): void => {
    try {
      check();
    } catch (error) {
      failures.push(error);
    }
  };
  const databaseNow = (): number => Math.floor(epochMs + machine.now);
  const server: DatabaseServer = new DatabaseServer({
    now: databaseNow,
    ...(planted?.guards === undefined ? {} : { guards: planted.guards }),
    ...(planted?.rows === undefined ? {} : { rows: planted.rows }),
    onUnknown: (error) => void failures.push(error),
    onMissed: (missed) => trace.note("database", "missed", { rows: missed }),
    onFlush(flushed) {
      for (const { after } of flushed.instances) trace.note("database", changeText(after));
      for (const { after } of flushed.runs)
        trace.note("database", `run ${after.id} ${runStateName(after.state as RunState)}`);
      look(() => history.take(flushed));
      look(() => pools.take(flushed));
      look(() => checkWaits(server.tables, flushed.instances));
      look(() => rates.take(flushed));
      look(() => checkInputStarts(flushed, server.tables, dagOf));
      look(() => checkBackfillRuns(flushed, server.tables, dagOf));
      look(() => checkActiveRuns(flushed, server.tables, dagOf, limitOf));
      look(() => checkLosses(flushed, server.tables, ledger, databaseNow()));
    },
  });
  const dags = new Map<number, CompiledDag>();
  const dagOfVersion = (id: number): CompiledDag => {
    let dag = dags.get(id);
    if (dag === undefined) {
      const spec = fromBinary(DagSpecSchema, server.tables.versions.get(id)!.spec);
      dags.set(id, (dag = compileDag(dagSpecFromProto(spec))));
    }
    return dag;
  };
  const newestOf = (dagId: string): CompiledDag => dagOfVersion(server.tables.newestOf(dagId).id);
  /** What max_active_runs may have been to whoever decided lately. */
  const limitOf = (dagId: string): number =>
    Math.max(
      ...dagChanges
        .versionsSince(dagId, databaseNow() - newsMs)
        .map((id) => dagOfVersion(id).spec.maxActiveRuns),
    );
  const dagOf = (run: RunRow): CompiledDag => dagOfVersion(run.dag_version_id);
  const deciders = new Deciders(server.tables);
  const history: History = new History(server.tables, dagOf, deciders);
  const ledger = new Ledger(server.tables, history);
  const pools = new PoolWatch(server.tables, dagOf);
  const dagChanges = new DagChanges(server.tables, databaseNow);
  const pauses = new PauseWatch(server.tables, dagChanges, databaseNow);
  const rates = new RateWatch(server.tables, dagOf);
  const later = (ms: number, check: () => void): void =>
    void machine.after(ms, null, () => look(check));
  const timetables = new TimetableWatch(server.tables, later);
  const apis: ApiNode[] = [];
  const setPool = (name: string, slots: number, includeDeferred: boolean): void => {
    if (server.isHeldUp(needsOf("pool_lock", [[name]]), null))
      return void machine.after(1, null, () => setPool(name, slots, includeDeferred));
    server.tables.setPool(name, slots, includeDeferred);
    pools.onSet(name, slots, databaseNow());
    const api = apis.find(({ process }) => process.isAlive);
    api?.process.enter(() => api.context.bus.publish("pools", new Uint8Array()));
  };
  const faults: Faults = {
    database: noDatabaseFaults(),
    network: network.faults,
    connection: noConnectionFaults(),
  };
  const world: World = {
    ...{ machine, random, trace, network, server, history, faults, injected, failures, onFault },
    ...{ dagOfVersion, newestOf, begin: databaseNow(), databaseNow, look, onLog, planted, setPool },
    exchange: createExchange(network),
    ...{ ledger, pools, dagChanges, pauses, apis, timetables, deciders, streams: new Streams() },
    settings: {},
    script: {
      ms: { usual: 1_500, most: 20_000 },
      faults: { fails: 0, failsForGood: 0, skips: 0, defers: 0 },
      waitsAcross: 0,
      hasTargets: false,
      timetablesFail: 0,
      decidersFail: 0,
      watchersFail: 0,
      saysPartitions: false,
      saysAliases: false,
    },
    triggered: new Set(),
    targets: new Set(),
    said: new Map(),
    outside: { take: () => undefined, open: () => 0 },
    spawn(name) {
      const own = random.fork(name);
      return machine.spawn({
        name,
        random: own,
        monotonicMs: own.between(0, 1e7),
        rate: own.between(0.9999, 1.0001),
        wallMs: epochMs + own.between(-1e9, 1e9),
      });
    },
    database: (process) =>
      createClient({
        ...{ server, process, onFault, faults: faults.database },
        random: process.random.fork("database"),
        onAnswer(statement, rows) {
          if (statement === "owner_dag_list") dagChanges.onRead(process.name, rows);
        },
      }),
  };
  return world;
}
