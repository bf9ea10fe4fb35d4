/** Simulates one seed: an installation starts, works, meets its faults, and must come to an end once they are over. */

import type { DagSpec } from "@millrace/engine";
import { bugs, type BugName } from "./bugs.ts";
import { checkAgainstReference } from "./check/reference.ts";
import { checkTriggered } from "./check/across.ts";
import { checkAssets, checkOutlets, hasAssetsFor } from "./check/assets.ts";
import { checkBackfills } from "./check/backfills.ts";
import { checkInputs } from "./check/inputs.ts";
import { checkPartitions, expectedPartitions } from "./check/partitions.ts";
import { checkDeadlines } from "./check/deadlines.ts";
import { countDecisions } from "./check/held-back.ts";
import { checkMadeWhileStill } from "./check/pauses.ts";
import { checkTicks, isAsked } from "./check/schedules.ts";
import { checkTicksOfVersions, checkVersionsOfRuns } from "./check/versions.ts";
import { checkTargets } from "./check/targets.ts";
import { checkTimetable } from "./check/timetables.ts";
import { ensure } from "./check/violation.ts";
import type { RunRow } from "./database/rows.ts";
import { Installation } from "./installation.ts";
import { startNemesis } from "./nemesis.ts";
import { startPeople, type People } from "./people.ts";
import { forgetWaits } from "./platform.ts";
import { planOf, type Plan } from "./plan.ts";
import { runKeyOf } from "@millrace/wire";
import { startOutside } from "./nodes/outside-node.ts";
import { createWorld, type World } from "./world.ts";
import { dagsOf } from "./workload/dags.ts";
import { startBackfills } from "./workload/backfills.ts";
import { startAliases } from "./workload/aliases.ts";
import { startAssets } from "./workload/assets.ts";
import { startInputs } from "./workload/inputs.ts";
import { startPartitions } from "./workload/partitions.ts";
import { withFeatures } from "./workload/features.ts";
import { startPauses } from "./workload/pauses.ts";
import { poolsOf, startPools } from "./workload/pools.ts";
import { registerDag } from "./workload/register.ts";
import { startVersions } from "./workload/versions.ts";
import { startDeciders } from "./workload/deciders.ts";
import { startTimetables } from "./workload/timetable-bodies.ts";
import { startWatchers } from "./workload/watchers.ts";

export type SimulationOptions = {
  readonly seed: number;
  /** A bug to plant; default none. */
  readonly bug?: BugName;
  /** Every line of the trace; default none. */
  readonly write?: ((line: string) => void) | undefined;
};

export type Simulated = {
  readonly seed: number;
  readonly plan: Plan;
  readonly failures: readonly unknown[];
  /** The newest lines of the trace. */
  readonly last: readonly string[];
  /** Over everything that happened: the same for the same seed. */
  readonly sum: string;
  readonly virtualMs: number;
  readonly events: number;
  readonly flushes: number;
  readonly bodies: number;
  readonly runs: number;
  /** Runs whose end was compared with the reference. */
  readonly compared: number;
  readonly injected: ReadonlyMap<string, number>;
  readonly verdicts: ReadonlyMap<string, number>;
  /** How often task instances came into each state. */
  readonly reached: ReadonlyMap<string, number>;
  /** How often what decides when something may start had to decide. */
  readonly decided: ReadonlyMap<string, number>;
};

const startMs = 500;
/** Once nothing goes wrong any more, everything has ended by then. */
const livenessMs = 30 * 60_000;
const livenessRounds = 4;
/** Late messages may still come after the last end. */
const afterwardsMs = 5_000;
const shownLines = 50;
const nothing = { open: () => 0 };
/** The last tick is due at the end of its interval, and moved by its jitter. */
const tickLagMs = 70_000;

export async function simulate(options: SimulationOptions): Promise<Simulated> {
  const planted = options.bug === undefined ? null : bugs[options.bug];
  const world = createWorld({ seed: String(options.seed), planted, write: options.write });
  world.outside = startOutside(world, "outside");
  const drawn = planOf(world.random.fork("plan"));
  const plan = planted?.plan?.(drawn) ?? drawn;
  const pools = plan.has.pools ? poolsOf(world.random.fork("pools")) : [];
  const plain = dagsOf(world.random.fork("dags"), plan.dags);
  const dags = withFeatures(world, plan, plain, pools);
  for (const dag of dags) registerDag(world.server.tables, dag, world.begin);
  Object.assign(world.script.faults, plan.bodies);
  world.script.hasTargets = plan.has.targets;
  if (plan.has.across) world.script.waitsAcross = 0.15;
  world.script.saysPartitions = plan.has.partitions;
  world.script.saysAliases = plan.has.aliases;
  const onRejection = (error: unknown): void => void world.failures.push(error);
  process.on("unhandledRejection", onRejection);
  let compared = 0;
  try {
    startPools(world, plan, pools);
    const installation = new Installation(world, plan);
    await run(world, startMs);
    const nemesis = startNemesis(world, installation, plan);
    const dagIds = dags.map(({ dagId }) => dagId);
    if (plan.has.assets) startAssets(world, plan);
    if (plan.has.aliases) startAliases(world, plan);
    if (plan.has.partitions) startPartitions(world, plan, dags);
    const inputs = plan.has.inputs ? startInputs(world, plan) : null;
    if (plan.has.deciders) startDeciders(world, plan);
    if (plan.has.timetables) startTimetables(world, plan);
    if (plan.has.watchers) startWatchers(world, plan, dags);
    const others = [
      plan.has.backfills ? startBackfills(world, plan, dags) : nothing,
      plan.has.pauses ? startPauses(world, plan, dagIds) : nothing,
      plan.has.versions ? startVersions(world, plan, { plain, dags, pools }) : nothing,
    ];
    const people = startPeople(world, plan, dagIds);
    const expected = (): readonly string[] => expectedOf(world, dagIds);
    const isDone = (): boolean =>
      isQuiet(world, people) && others.every(({ open }) => open() === 0) && expected().length === 0;
    await run(world, plan.faultMs);
    nemesis.end();
    world.trace.note("world", "nothing goes wrong any more");
    people.help();
    inputs?.help();
    const calmAt = world.databaseNow();
    await runToTheEnd(world, isDone);
    checkEnd(world, people);
    ensure(
      world.failures.length > 0 || isDone(),
      "L3",
      () => `${expected().join(", ")} still to come`,
    );
    await run(world, afterwardsMs);
    compared = checkStates(world, people);
    checkRunsMade(world, dags, people);
    if (plan.has.inputs)
      world.look(() => checkInputs(world, calmAt, (run) => wasChanged(run, people)));
  } catch (error) {
    world.failures.push(error);
  } finally {
    process.off("unhandledRejection", onRejection);
    forgetWaits();
  }
  return resultOf(options.seed, plan, world, compared);
}

async function run(world: World, ms: number, isDone = () => false): Promise<void> {
  const { machine, failures } = world;
  if (failures.length > 0) return;
  await machine.runUntil(machine.now + ms, () => failures.length > 0 || isDone());
}

/** Some seeds have more to do than fits into that time: they go on for as long as bodies begin. */
async function runToTheEnd(world: World, isDone: () => boolean): Promise<void> {
  for (let round = 0, begun = -1; round < livenessRounds; round += 1) {
    if (isDone() || world.ledger.bodies === begun) return;
    begun = world.ledger.bodies;
    await run(world, livenessMs, isDone);
  }
}

function isQuiet(world: World, people: People): boolean {
  if (people.open() > 0 || world.outside.open() > 0 || !areAllFinal(world)) return false;
  return [...world.server.tables.data.values()].every(({ callbacks }) =>
    [...callbacks.values()].every(({ state }) => state !== 1),
  );
}

/** Of runs, by the names that workers know them by. */
function openCallbacks({ server }: World): string[] {
  return [...server.tables.data].flatMap(([runId, { callbacks }]) =>
    [...callbacks.values()].flatMap(({ state, ix, attempt, event }) =>
      state === 1 ? [`run ${runId} ${ix}.${attempt} event ${event}`] : [],
    ),
  );
}

/** What runs are to come of: schedules that have not come to their end, events of assets that suffice, open backfills. */
function expectedOf(world: World, dagIds: readonly string[]): string[] {
  const { tables } = world.server;
  const dags = dagIds.map((dagId) => world.newestOf(dagId).spec);
  const backfills = [...tables.backfills.values()].filter(({ state }) => state < 4);
  return [
    ...dags.flatMap((dag) => {
      const isOver = dag.endDate === null || world.databaseNow() > dag.endDate + tickLagMs;
      const isDone =
        dag.schedule?.kind === "custom"
          ? world.timetables.isOver(dag.dagId)
          : isOver && tables.dags.get(dag.dagId)?.next_run_at === null;
      return dag.schedule === null || isDone ? [] : [`ticks of ${dag.dagId}`];
    }),
    ...dags.flatMap((dag) => (hasAssetsFor(tables, dag) ? [`events for ${dag.dagId}`] : [])),
    ...world.dagChanges.untold().map((dagId) => `news of ${dagId} to its owner`),
    ...world.streams.expected(tables),
    ...dags.flatMap((dag) => expectedPartitions(world, dag)),
    ...backfills.map(({ id, dag_id }) => `dates of backfill ${id} of ${dag_id}`),
  ];
}

/** By a person, or by a backfill that has run it again. */
function wasChanged({ id, reopen_count: reopened }: RunRow, people: People): boolean {
  return reopened > 0 || people.meddledWith.has(id);
}

function lackedInputs(world: World, { id, dag_version_id: version }: RunRow): boolean {
  return !world.history.started.has(id) && world.dagOfVersion(version).spec.inputs !== null;
}

function checkRunsMade(world: World, dags: readonly DagSpec[], people: People): void {
  const { server, history, failures } = world;
  const { tables } = server;
  if (failures.length > 0) return;
  for (const dag of dags) {
    const runs = [...tables.runs.values()].filter((run) => run.dag_id === dag.dagId);
    checkMade(world, dag, runs);
    for (const run of runs) {
      const compiled = world.dagOfVersion(run.dag_version_id);
      checkOutlets(tables, compiled, run, history.changesOf(run.id), world.said);
      if (!wasChanged(run, people)) checkDeadlines(tables, compiled, run, world.databaseNow());
    }
  }
  checkBackfills(tables);
  checkAssets(tables, dags);
  if (world.script.hasTargets) checkTargets(world);
  world.streams.check(tables);
  checkPartitions(world, dags);
  checkTriggered(tables, (run) => !wasChanged(run, people));
  ensure(
    [...world.triggered].every((id) => tables.runs.has(runKeyOf(id) ?? -1)),
    "S1",
    () => "a body was told of a run that does not exist",
  );
}

function checkMade(world: World, dag: DagSpec, runs: readonly RunRow[]): void {
  const { dagChanges: changes, dagOfVersion } = world;
  const versions = new Set(changes.of(dag.dagId).map(({ versionId }) => versionId));
  const specs = [...versions].map((id) => dagOfVersion(id).spec);
  const dagRuns = { changes, dagId: dag.dagId, runs, dagOfVersion };
  if (dag.schedule?.kind === "custom") checkTimetable(dag, runs, world.begin);
  else if (versions.size === 1) checkTicks(dag, runs);
  else checkTicksOfVersions(dagRuns);
  checkVersionsOfRuns(dagRuns);
  checkMadeWhileStill(changes, runs, specs);
}

function areAllFinal({ server }: World): boolean {
  return [...server.tables.runs.values()].every(({ state }) => state >= 3);
}

function checkEnd(world: World, people: People): void {
  if (world.failures.length > 0) return;
  const open = [...world.server.tables.runs.values()].filter(({ state }) => state < 3);
  ensure(open.length === 0, "L3", () => `runs ${open.map(({ id }) => id).join()} do not end`);
  ensure(
    isQuiet(world, people) || people.open() > 0,
    "L3",
    () => `callbacks or tokens are left over: ${openCallbacks(world).join(", ")}`,
  );
  ensure(people.open() === 0, "L3", () => `${people.open()} requests have no answer`);
}

function checkStates(world: World, people: People): number {
  if (world.failures.length > 0) return 0;
  const { tables } = world.server;
  world.ledger.checkKept();
  world.history.checkCounts();
  const asked = [...tables.runs.values()].filter(isAsked);
  ensure(
    people.triggered.every((key) => tables.runs.has(key)),
    "S1",
    () => "a run that was promised does not exist",
  );
  ensure(
    new Set(people.triggered).size === people.triggered.length &&
      asked.length === people.triggered.length,
    "S2",
    () => `${people.triggered.length} runs were asked for, and there are ${asked.length}`,
  );
  // What a schedule's next run takes the place of is cancelled; what never had its inputs did nothing.
  const own = [...tables.runs.values()].filter(
    (run) =>
      run.cancel_requested_at === null && !wasChanged(run, people) && !lackedInputs(world, run),
  );
  for (const row of own)
    checkAgainstReference(
      world.dagOfVersion(row.dag_version_id),
      row,
      world.history.changesOf(row.id),
    );
  return own.length;
}

function resultOf(seed: number, plan: Plan, world: World, compared: number): Simulated {
  const { machine, trace, failures, history, ledger, injected, server } = world;
  return {
    ...{ seed, plan, failures, compared, injected },
    last: trace.last(shownLines),
    sum: trace.sum,
    virtualMs: machine.now,
    events: machine.happened,
    flushes: history.flushes,
    bodies: ledger.bodies,
    runs: server.tables.runs.size,
    verdicts: ledger.verdicts,
    reached: history.reached,
    decided: countDecisions(world),
  };
}
