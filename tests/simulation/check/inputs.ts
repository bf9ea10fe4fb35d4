/** Runs that wait for inputs start once these are there, no earlier, and are given what is there then. */

import { parseAttemptId, runInstancesFromProto, runInstancesOfBytes } from "@millrace/wire";
import type { DatedInstance, InputsSpec, RunInstances } from "@millrace/engine";
import type { RunRow } from "../database/rows.ts";
import { ignoringNote } from "../workload/params.ts";
import type { World } from "../world.ts";
import { askedBy, judge, namesOf, waitsOf, type Instance, type Verdict } from "./input-terms.ts";
import { ensure } from "./violation.ts";

const promise = "inputs";
const [queued, , success] = [1, 2, 3];
const automated = 1;
/** How long what a run was given may have been on its way: what came meanwhile is not part of it. */
const newsMs = 60_000;
/** Whoever decides has a clock that is so much off. */
const skewMs = 1_000;
/** Nothing polls more rarely; and a message that was lost costs no more than that. */
const promptMs = 45_000;
const toleranceMs = 60_000;

function inputsOf(world: World, run: RunRow): InputsSpec | null {
  return world.dagOfVersion(run.dag_version_id).spec.inputs;
}

function referenceOf(run: RunRow): number {
  return run.interval_end_at ?? run.logical_at ?? run.run_after;
}

/** When each instance came, for good. */
function arrivals({ assets }: World["server"]["tables"]): ReadonlyMap<string, number> {
  const uris = new Map([...assets.ids].map(([uri, id]) => [id, uri]));
  const came = new Map<string, number>();
  for (const { asset_id: id, partition_key: key, at } of assets.events.values()) {
    const name = `${uris.get(id)} ${key}`;
    if (key !== null && !came.has(name)) came.set(name, at);
  }
  return came;
}

type Arrivals = ReturnType<typeof arrivals>;

/** What a run would be given at a moment by what had come up to another. */
function verdictAt(
  { term }: InputsSpec,
  run: RunRow,
  came: Arrivals,
  { seenTo, now }: { readonly seenTo: number; readonly now: number },
): Verdict {
  return judge(term, {
    ...{ reference: referenceOf(run), since: run.queued_at, now },
    cameAt(uri, key) {
      const at = came.get(`${uri} ${key}`);
      return at === undefined || at > seenTo ? null : at;
    },
  });
}

/** Moments at which a verdict may change. */
function momentsOf({ term }: InputsSpec, run: RunRow, came: Arrivals): number[] {
  const asked = askedBy(term, referenceOf(run));
  const times = asked.flatMap(({ uri, key }) => came.get(`${uri} ${key}`) ?? []);
  const begins = [run.queued_at, ...times.map((at) => Math.max(at, run.queued_at))];
  const ends = waitsOf(term).flatMap((waitMs) => begins.map((at) => at + waitMs));
  return [...new Set([...begins, ...ends])].toSorted((a, b) => a - b);
}

/** What runs lack that are still queued: what somebody may make come. */
export function lackingInstances(world: World): Instance[] {
  const { tables } = world.server;
  const came = arrivals(tables);
  return [...tables.runs.values()].flatMap((run) => {
    if (run.state !== queued || run.inputs !== null) return [];
    const term = inputsOf(world, run)?.term;
    const asked = term === undefined ? [] : askedBy(term, referenceOf(run));
    return asked.filter(({ uri, key }) => !came.has(`${uri} ${key}`));
  });
}

/** A body is given what the row of its run says, whenever it runs. */
export function checkBodyInputs(
  { server: { tables } }: World,
  attemptId: string,
  inputs: Readonly<Record<string, readonly Given[]>>,
): void {
  const run = tables.runs.get(parseAttemptId(attemptId)?.runKey ?? -1);
  const given = run === undefined || run.inputs === null ? "" : givenOf(run);
  const seen = textOfGiven(inputs);
  ensure(seen === given, promise, () => `${attemptId} is given ${seen}, and its run ${given}`);
}

/** By what the tables hold in the end. `calmAt`: since when nothing goes wrong. `wasChanged`: by people. */
export function checkInputs(
  world: World,
  calmAt: number,
  wasChanged: (run: RunRow) => boolean,
): void {
  const { tables } = world.server;
  const came = arrivals(tables);
  for (const run of tables.runs.values()) {
    const inputs = inputsOf(world, run);
    if (inputs === null) continue;
    const decided = tables.decidedInputs.get(run.id);
    if (decided !== undefined) {
      // A run that was opened again later is queued since then.
      const then = { ...run, queued_at: decided.queuedAt };
      checkGiven(inputs, then, came, decided.at);
      checkPrompt(inputs, then, came, decided.at, calmAt);
    } else if (run.inputs !== null) checkIgnored(inputs, run);
    else if (!wasChanged(run) && run.cancel_requested_at === null)
      checkNeverStarted(world, inputs, run, came);
  }
}

/** It is what the terms choose at some moment before it was decided, and not long before. */
function checkGiven(inputs: InputsSpec, run: RunRow, came: Arrivals, decidedAt: number): void {
  const given = givenOf(run);
  const isRecent = (at: number): boolean => at <= decidedAt + skewMs;
  const moments = [...momentsOf(inputs, run, came).filter(isRecent), decidedAt];
  const latest = moments.filter((at) => at >= decidedAt - newsMs);
  // What had come before is known at each of them.
  const seen = [...latest, Math.max(...moments.filter((at) => at < decidedAt - newsMs))];
  const possible = seen.flatMap((seenTo) =>
    latest
      .filter((now) => now >= seenTo - skewMs)
      .map((now) => verdictAt(inputs, run, came, { seenTo, now })),
  );
  const held = possible.filter(({ state }) => state === "there");
  ensure(
    Object.values(instancesOf(run)).every(isByDate),
    promise,
    () => `run ${run.id} was not given its instances by date: ${given}`,
  );
  ensure(held.length > 0, promise, () => `run ${run.id} was let go before its inputs were there`);
  const texts = held.map((verdict) => textOf(inputs, verdict));
  ensure(
    texts.includes(given),
    promise,
    () => `run ${run.id} was given ${given}; it should be ${[...new Set(texts)].join(" or ")}`,
  );
}

/** Once nothing goes wrong, whoever has its inputs is let go soon. */
function checkPrompt(
  inputs: InputsSpec,
  run: RunRow,
  came: Arrivals,
  decidedAt: number,
  calmAt: number,
): void {
  let heldSince = decidedAt;
  for (const at of momentsOf(inputs, run, came).toReversed()) {
    if (at >= decidedAt) continue;
    if (verdictAt(inputs, run, came, { seenTo: at, now: at }).state !== "there") break;
    heldSince = at;
  }
  const dueAt = Math.max(heldSince, run.queued_at, calmAt + newsMs) + promptMs;
  ensure(
    decidedAt <= dueAt,
    "L3",
    () => `run ${run.id} had its inputs ${decidedAt - heldSince} ms before it was let go`,
  );
}

/** Of a run that is not to wait. */
function checkIgnored({ term }: InputsSpec, run: RunRow): void {
  const nothing = namesOf(term).map((name) => `${name}: `);
  ensure(
    run.note === ignoringNote && givenOf(run) === [...new Set(nothing)].toSorted().join("; "),
    promise,
    () => `run ${run.id} was made with the inputs ${givenOf(run)}`,
  );
}

/** Its time was over, or it was left out. */
function checkNeverStarted(world: World, inputs: InputsSpec, run: RunRow, came: Arrivals): void {
  const endedAt = run.ended_at ?? world.databaseNow();
  if (run.state === success) return checkLeftOut(world, inputs, run, endedAt);
  const overAt = inputs.timeoutMs === null ? Infinity : run.queued_at + inputs.timeoutMs;
  ensure(
    endedAt >= overAt - skewMs,
    promise,
    () => `run ${run.id} failed for want of its inputs before its time was over`,
  );
  // Whoever looked just before may not have seen what came then.
  const lookedAt = endedAt - newsMs;
  const moments = momentsOf(inputs, run, came).filter((at) => at > lookedAt && at < endedAt);
  const verdicts = [lookedAt, ...moments].map((at) =>
    at < run.queued_at ? "lacks" : verdictAt(inputs, run, came, { seenTo: at, now: at }).state,
  );
  ensure(
    verdicts.some((state) => state !== "there"),
    promise,
    () => `run ${run.id} failed for want of its inputs, which had long been there`,
  );
}

function checkLeftOut(world: World, { order }: InputsSpec, run: RunRow, endedAt: number): void {
  const { runs, decidedInputs } = world.server.tables;
  const isNewer = (other: RunRow): boolean =>
    other.dag_id === run.dag_id &&
    other.run_type === automated &&
    (other.logical_at ?? 0) > (run.logical_at ?? Infinity) &&
    (decidedInputs.get(other.id)?.at ?? Infinity) <= endedAt;
  const mayBe =
    order === "none"
      ? endedAt >= run.run_after + toleranceMs - skewMs
      : order === "last" && [...runs.values()].some(isNewer);
  ensure(
    run.run_type === automated && mayBe,
    promise,
    () => `run ${run.id} of ${run.dag_id} was left out, though nothing says so (${order})`,
  );
}

type Given = { readonly uri: string; readonly partitionKey: string };

function instancesOf({ inputs }: RunRow): RunInstances {
  return runInstancesFromProto(runInstancesOfBytes(inputs!));
}

function isByDate(list: readonly DatedInstance[]): boolean {
  return list.every(({ date }, at) => at === 0 || list[at - 1]!.date <= date);
}

function givenOf(run: RunRow): string {
  return textOfGiven(instancesOf(run));
}

function textOfGiven(given: Readonly<Record<string, readonly Given[]>>): string {
  return Object.entries(given)
    .map(([name, list]) =>
      lineOf(
        name,
        list.map(({ uri, partitionKey }) => `${uri} ${partitionKey}`),
      ),
    )
    .toSorted()
    .join("; ");
}

function textOf({ term }: InputsSpec, { named }: Verdict): string {
  return [...new Set(namesOf(term))]
    .map((name) =>
      lineOf(
        name,
        (named.get(name) ?? []).map(({ uri, key }) => `${uri} ${key}`),
      ),
    )
    .toSorted()
    .join("; ");
}

function lineOf(name: string, instances: readonly string[]): string {
  return `${name}: ${instances.toSorted().join(", ")}`;
}
