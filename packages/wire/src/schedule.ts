/** A schedule on the wire and as the engine knows it. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type {
  CronTriggerSchedule,
  CustomSchedule,
  DagSpec,
  Schedule,
  TimeSchedule,
} from "@millrace/engine";
import { MillraceError } from "@millrace/engine";
import { assetExpressionFromProto, assetExpressionToProto } from "./asset.ts";
import { specDefaults } from "./defaults.ts";
import { partitionedFromProto, partitionedToProto } from "./partition.ts";
import type { CronSchedule, Schedule as ScheduleMessage } from "./gen/millrace/v1/schedule_pb.ts";
import { Overlap, ScheduleSchema } from "./gen/millrace/v1/schedule_pb.ts";
import { durationOf, epochMsOf, msOf, timestampOf } from "./time.ts";

type Init = Exclude<MessageInitShape<typeof ScheduleSchema>, ScheduleMessage>;

export function scheduleToProto(schedule: Schedule): ScheduleMessage {
  return create(ScheduleSchema, { kind: kindToProto(schedule) });
}

function kindToProto(schedule: Schedule): NonNullable<Init["kind"]> {
  switch (schedule.kind) {
    case "cron":
      return { case: "cron", value: cronToProto(schedule) } as const;
    case "cron_interval": {
      const { expression, timezone } = schedule;
      return { case: "cronInterval", value: { expression, timezone } } as const;
    }
    case "delta":
      return { case: "delta", value: { every: durationOf(schedule.everyMs) } } as const;
    case "delta_interval":
      return { case: "deltaInterval", value: { every: durationOf(schedule.everyMs) } } as const;
    case "once":
      return { case: "once", value: {} } as const;
    case "continuous":
      return { case: "continuous", value: {} } as const;
    case "custom": {
      const { name, handler } = schedule;
      return { case: "custom", value: { name, handler } } as const;
    }
    case "events":
      return { case: "events", value: { at: schedule.at.map((ms) => timestampOf(ms)!) } } as const;
    case "assets":
      return {
        case: "assets",
        value: { expression: assetExpressionToProto(schedule.expression) },
      } as const;
    case "partitioned_assets":
      return { case: "partitionedAssets", value: partitionedToProto(schedule) } as const;
    case "asset_or_time":
      return {
        case: "assetOrTime",
        value: {
          expression: assetExpressionToProto(schedule.expression),
          time: scheduleToProto(schedule.time),
        },
      } as const;
  }
}

function cronToProto({
  expressions,
  timezone,
  intervalMs,
  jitterMs,
  runImmediately,
  partition,
}: CronTriggerSchedule) {
  const within = typeof runImmediately === "number" ? durationOf(runImmediately) : undefined;
  return {
    expressions: [...expressions],
    timezone,
    interval: durationOf(intervalMs || null),
    jitter: durationOf(jitterMs || null),
    ...(partition !== undefined && { partition: { ...partition } }),
    runImmediately:
      within !== undefined
        ? ({ case: "within", value: within } as const)
        : runImmediately === true
          ? ({ case: "always", value: true } as const)
          : ({ case: undefined } as const),
  };
}

/**
 * Fills in defaults.
 *
 * @throws MillraceError DAG_INVALID for a kind that this version does not know
 */
export function scheduleFromProto({ kind }: ScheduleMessage): Schedule {
  switch (kind.case) {
    case "cron":
      return cronFromProto(kind.value);
    case "cronInterval": {
      const { expression, timezone } = kind.value;
      return { kind: "cron_interval", expression, timezone: timezone || specDefaults.timezone };
    }
    case "delta":
      return { kind: "delta", everyMs: msOf(kind.value.every) ?? 0 };
    case "deltaInterval":
      return { kind: "delta_interval", everyMs: msOf(kind.value.every) ?? 0 };
    case "once":
      return { kind: "once" };
    case "continuous":
      return { kind: "continuous" };
    case "events":
      return { kind: "events", at: kind.value.at.map((moment) => epochMsOf(moment) ?? NaN) };
    case "assets":
      return { kind: "assets", expression: assetExpressionFromProto(kind.value.expression) };
    case "partitionedAssets":
      return partitionedFromProto(kind.value);
    case "assetOrTime": {
      const { expression, time } = kind.value;
      return {
        kind: "asset_or_time",
        expression: assetExpressionFromProto(expression),
        time: timeFromProto(time),
      };
    }
    case "custom": {
      const { name, handler } = kind.value;
      return { kind: "custom", name, handler };
    }
    case undefined:
      throw unknownKind();
  }
}

function timeFromProto(
  message: ScheduleMessage | undefined,
): Exclude<TimeSchedule, CustomSchedule> {
  if (message === undefined) throw unknownKind();
  const schedule = scheduleFromProto(message);
  if (
    schedule.kind === "assets" ||
    schedule.kind === "asset_or_time" ||
    schedule.kind === "partitioned_assets"
  )
    throw unknownKind();
  if (schedule.kind !== "custom") return schedule;
  throw new MillraceError(
    "DAG_INVALID",
    `schedule.time is the timetable "${schedule.name}": beside assets, write a schedule that needs no worker to be told.`,
    { metadata: { field: "schedule.time", value: "custom" } },
  );
}

function unknownKind(): MillraceError {
  return new MillraceError(
    "DAG_INVALID",
    "schedule is of a kind that this version does not know: send one of millrace.v1.Schedule, or none.",
    { metadata: { field: "schedule", value: "unknown kind" } },
  );
}

function cronFromProto(message: CronSchedule): CronTriggerSchedule {
  const { expressions, timezone, interval, jitter, runImmediately, partition } = message;
  return {
    kind: "cron",
    expressions: [...expressions],
    timezone: timezone || specDefaults.timezone,
    intervalMs: msOf(interval) ?? 0,
    jitterMs: msOf(jitter) ?? 0,
    runImmediately:
      runImmediately.case === "within"
        ? (msOf(runImmediately.value) ?? 0)
        : runImmediately.case === "always" && runImmediately.value
          ? true
          : null,
    ...(partition !== undefined && {
      partition: { format: partition.format, offset: partition.offset },
    }),
  };
}

export const overlaps = {
  allow: Overlap.ALLOW,
  forbid: Overlap.FORBID,
  replace: Overlap.REPLACE,
} as const satisfies Record<DagSpec["overlap"], Overlap>;

/** @throws MillraceError DAG_INVALID for a word that this version does not know */
export function overlapFromProto(overlap: Overlap): DagSpec["overlap"] {
  if (overlap === Overlap.UNSPECIFIED) return "allow";
  const words = Object.keys(overlaps) as DagSpec["overlap"][];
  const found = words.find((word) => overlaps[word] === overlap);
  if (found !== undefined) return found;
  throw new MillraceError(
    "DAG_INVALID",
    `overlap is ${overlap}: this version knows ALLOW, FORBID, REPLACE.`,
    { metadata: { field: "overlap", value: String(overlap) } },
  );
}
