/** Says what is wrong with the schedule of a DAG. */

import { assetLimits, assetText } from "../assets/asset.ts";
import { assetNeeds } from "../assets/hold.ts";
import { checkExpressionOfAssets } from "../assets/validate-assets.ts";
import { dagLimits } from "../spec/dag-limits.ts";
import { isMillraceError } from "../errors.ts";
import { checkFormat, checkMapper } from "../partitions/check-mapper.ts";
import { partitionLimits } from "../partitions/key.ts";
import type { PartitionedAssetSchedule } from "../partitions/mapper.ts";
import type { Problems } from "../spec/problems.ts";
import type { CronTriggerSchedule, CustomSchedule, DagSpec, Schedule } from "../spec/spec.ts";
import { readCron } from "../timetable/cron.ts";
import { timeOf } from "../timetable/clock.ts";
import { isZone } from "../timetable/zone.ts";

export function checkSchedule(spec: DagSpec, problems: Problems): void {
  const { schedule } = spec;
  if (schedule === null) return;
  checkKind(spec, schedule, problems);
  checkAssetOptions(spec, schedule, problems);
  const kind = timeOf(schedule)?.kind;
  const needsStart = kind !== undefined && kind !== "once" && kind !== "events";
  if (spec.catchup && needsStart && spec.startDate === null)
    problems.add("startDate", null, "catchup makes up every run since then; say since when");
}

function checkKind(spec: DagSpec, schedule: Schedule, problems: Problems): void {
  switch (schedule.kind) {
    case "cron":
      return checkCron(schedule, problems);
    case "cron_interval":
      checkZone(schedule.timezone, problems);
      return checkExpression(schedule.expression, problems);
    case "delta":
    case "delta_interval":
      return checkEvery(schedule.everyMs, problems);
    case "events":
      return checkEvents(schedule.at, problems);
    case "continuous":
      if (spec.maxActiveRuns !== 1) {
        const remedy = "a continuous schedule starts a run when the one before has ended; write 1";
        problems.add("maxActiveRuns", spec.maxActiveRuns, remedy);
      }
      if (spec.overlap !== "allow") {
        const remedy = "a continuous schedule is due again as soon as it is left out; write allow";
        problems.add("overlap", spec.overlap, remedy);
      }
      return;
    case "assets":
      return checkExpressionOfAssets(schedule.expression, problems);
    case "partitioned_assets":
      return checkPartitioned(schedule, problems);
    case "asset_or_time":
      checkExpressionOfAssets(schedule.expression, problems);
      if (schedule.time.kind === "continuous")
        return problems.add(
          "schedule.time",
          "continuous",
          "it leaves assets nothing to start; write another schedule",
        );
      return checkKind(spec, schedule.time, problems);
    case "custom":
      return checkCustom(schedule, problems);
    case "once":
  }
}

function checkPartitioned(schedule: PartitionedAssetSchedule, problems: Problems): void {
  const { expression, mappings } = schedule;
  checkExpressionOfAssets(expression, problems);
  const needs = assetNeeds(expression);
  for (const { of } of needs)
    if (of.kind === "alias")
      problems.add(
        "schedule.assets",
        assetText(of),
        "what an alias stands for has no mapper; wait by partition for the assets themselves",
      );
  const seen = new Set<string>();
  for (const [n, { uri, name, mapper }] of mappings.slice(0, assetLimits.perSchedule).entries()) {
    const at = `schedule.map[${n}]`;
    const key = uri || `"${name}"`;
    const isWaitedFor = needs.some(
      ({ of }) => of.kind === "asset" && (uri === "" ? of.name === name : of.uri === uri),
    );
    if (!isWaitedFor)
      problems.add(at, key, "the schedule does not wait for it; leave it out, or wait for it");
    if (seen.has(key)) problems.add(at, key, "it has a mapper already; leave one of them out");
    seen.add(key);
    checkMapper(mapper, at, problems);
  }
  if (mappings.length > assetLimits.perSchedule)
    problems.add("schedule.map", `${mappings.length} mappers`, "one for each asset is enough");
}

/** Options about ticks say nothing about runs that events make. */
function checkAssetOptions(spec: DagSpec, schedule: Schedule, problems: Problems): void {
  if (schedule.kind !== "assets" && schedule.kind !== "partitioned_assets") return;
  if (spec.overlap !== "allow")
    problems.add(
      "overlap",
      spec.overlap,
      "events are never left out; write maxActiveRuns: 1, and they wait",
    );
  if (spec.catchup)
    problems.add("catchup", true, "it is about ticks, and assets have none; leave it out");
}

function checkCustom({ name, handler }: CustomSchedule, problems: Problems): void {
  if (name.length < 1 || name.length > dagLimits.callbackNameLength)
    problems.add(
      "schedule.name",
      name,
      `write a name of 1 to ${dagLimits.callbackNameLength} characters`,
    );
  if (handler.length < 1 || handler.length > dagLimits.lineLength)
    problems.add("schedule.handler", handler, "name the function that says when runs are made");
}

function checkCron(schedule: CronTriggerSchedule, problems: Problems): void {
  const { expressions, timezone, intervalMs, jitterMs, runImmediately } = schedule;
  checkZone(timezone, problems);
  if (expressions.length < 1 || expressions.length > dagLimits.cronExpressions) {
    const remedy = `write 1 to ${dagLimits.cronExpressions} cron expressions`;
    problems.add("schedule.expressions", expressions.length, remedy);
  }
  for (const expression of expressions) checkExpression(expression, problems);
  checkSpan("schedule.interval", intervalMs, dagLimits.durationMs, problems);
  checkSpan("schedule.jitter", jitterMs, dagLimits.jitterMs, problems);
  const { format = "", offset = 0 } = schedule.partition ?? {};
  checkFormat(format, "schedule.partition.format", problems);
  if (!Number.isInteger(offset) || Math.abs(offset) > partitionLimits.offset)
    problems.add(
      "schedule.partition.offset",
      offset,
      `write a whole number from -${partitionLimits.offset} to ${partitionLimits.offset}`,
    );
  if (typeof runImmediately === "number")
    checkSpan("schedule.runImmediately", runImmediately, dagLimits.durationMs, problems);
}

function checkZone(timezone: string, problems: Problems): void {
  if (isZone(timezone)) return;
  const remedy = 'it is not an IANA zone; write one such as "Europe/Zurich" or "UTC"';
  problems.add("schedule.timezone", timezone, remedy, "CRON_INVALID");
}

function checkExpression(expression: string, problems: Problems): void {
  try {
    readCron(expression);
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    const { reason, message } = error;
    problems.list.push({ reason, field: "schedule.expression", value: expression, message });
  }
}

function checkSpan(field: string, value: number, max: number, problems: Problems): void {
  if (Number.isFinite(value) && value >= 0 && value <= max) return;
  problems.add(field, `${value} ms`, `write a duration from nothing to ${max} ms`);
}

function checkEvery(everyMs: number, problems: Problems): void {
  if (Number.isInteger(everyMs) && everyMs >= dagLimits.everyMs && everyMs <= dagLimits.durationMs)
    return;
  const remedy = `runs come at least ${dagLimits.everyMs} ms and at most ten years apart`;
  problems.add("schedule.every", `${everyMs} ms`, remedy);
}

function checkEvents(at: readonly number[], problems: Problems): void {
  if (at.length < 1 || at.length > dagLimits.events)
    problems.add("schedule.at", at.length, `write 1 to ${dagLimits.events} moments`);
  const wrong = at.findIndex(
    (moment, n) => !Number.isSafeInteger(moment) || (n > 0 && moment <= at[n - 1]!),
  );
  if (wrong < 0) return;
  const shown = Number.isSafeInteger(at[wrong]) ? new Date(at[wrong]!) : at[wrong];
  problems.add(`schedule.at[${wrong}]`, shown, "moments come in order, each later than the last");
}
