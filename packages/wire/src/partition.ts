/** Partition mappers on the wire and as the engine knows them. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  AssetPartitionMapping,
  PartitionDates,
  PartitionedAssetSchedule,
  PartitionMapper,
  PartitionUnit,
} from "@millrace/engine";
import { MillraceError } from "@millrace/engine";
import { assetExpressionFromProto, assetExpressionToProto } from "./asset.ts";
import { specDefaults } from "./defaults.ts";
import type {
  PartitionDates as PartitionDatesMessage,
  PartitionedAssetSchedule as ScheduleMessage,
  PartitionedAssetScheduleSchema,
  PartitionMapper as MapperMessage,
  PartitionMapperSchema,
} from "./gen/millrace/v1/schedule_pb.ts";
import { PartitionUnit as WireUnit } from "./gen/millrace/v1/schedule_pb.ts";

type MapperInit = Exclude<MessageInitShape<typeof PartitionMapperSchema>, MapperMessage>;
type ScheduleInit = Exclude<
  MessageInitShape<typeof PartitionedAssetScheduleSchema>,
  ScheduleMessage
>;

export function partitionedToProto(schedule: PartitionedAssetSchedule): ScheduleInit {
  return {
    expression: assetExpressionToProto(schedule.expression),
    mappings: schedule.mappings.map(({ uri, name, mapper }) => ({
      ...{ uri, name: uri === "" ? name : "", mapper: mapperToProto(mapper) },
    })),
  };
}

/** @throws MillraceError DAG_INVALID for a kind that this version does not know */
export function partitionedFromProto(message: ScheduleMessage): PartitionedAssetSchedule {
  return {
    kind: "partitioned_assets",
    expression: assetExpressionFromProto(message.expression),
    mappings: message.mappings.map(({ uri, name, mapper }, n): AssetPartitionMapping => ({
      ...{ uri, name: uri === "" ? name : "" },
      mapper: mapperFromProto(mapper, `schedule.map[${n}]`),
    })),
  };
}

const units = {
  hour: WireUnit.HOUR,
  day: WireUnit.DAY,
  week: WireUnit.WEEK,
  month: WireUnit.MONTH,
  quarter: WireUnit.QUARTER,
  year: WireUnit.YEAR,
} as const satisfies Record<PartitionUnit, WireUnit>;

function mapperToProto(mapper: PartitionMapper): MapperInit {
  switch (mapper.kind) {
    case "identity":
      return { kind: { case: "identity", value: {} } };
    case "start_of": {
      const { unit, dates } = mapper;
      return { kind: { case: "startOf", value: { unit: units[unit], dates } } };
    }
    case "product":
    case "chain":
      return {
        kind: { case: mapper.kind, value: { mappers: mapper.mappers.map(mapperToProto) } },
      };
    case "allowed_keys":
      return { kind: { case: "allowedKeys", value: { keys: [...mapper.keys] } } };
    case "each_of":
      return { kind: { case: "eachOf", value: { keys: [...mapper.keys] } } };
    case "fixed_key":
      return { kind: { case: "fixedKey", value: mapper.key } };
    case "fan_out": {
      const { window, step, dates } = mapper;
      return {
        kind: { case: "fanOut", value: { window: units[window], step: units[step], dates } },
      };
    }
    case "rollup": {
      const { window, step, dates, atLeast } = mapper;
      const value = { window: units[window], step: units[step], dates, atLeast: atLeast ?? 0 };
      return { kind: { case: "rollup", value } };
    }
    case "segments": {
      const { keys, to, atLeast } = mapper;
      return { kind: { case: "segments", value: { keys: [...keys], to, atLeast: atLeast ?? 0 } } };
    }
  }
}

function mapperFromProto(message: MapperMessage | undefined, at: string): PartitionMapper {
  const { kind } = message ?? { kind: { case: undefined } };
  switch (kind.case) {
    case "identity":
      return { kind: "identity" };
    case "startOf": {
      const { unit, dates } = kind.value;
      return { kind: "start_of", unit: unitFromProto(unit, at), dates: datesFromProto(dates) };
    }
    case "product":
    case "chain":
      return {
        kind: kind.case,
        mappers: kind.value.mappers.map((one, n) => mapperFromProto(one, `${at}[${n}]`)),
      };
    case "allowedKeys":
      return { kind: "allowed_keys", keys: kind.value.keys };
    case "eachOf":
      return { kind: "each_of", keys: kind.value.keys };
    case "fixedKey":
      return { kind: "fixed_key", key: kind.value };
    case "fanOut":
      return { kind: "fan_out", ...stepsFromProto(kind.value, at) };
    case "rollup":
      return {
        ...{ kind: "rollup", ...stepsFromProto(kind.value, at) },
        atLeast: kind.value.atLeast || null,
      };
    case "segments": {
      const { keys, to, atLeast } = kind.value;
      return { kind: "segments", keys, to, atLeast: atLeast || null };
    }
    case undefined:
      throw new MillraceError(
        "DAG_INVALID",
        `${at} is of a kind that this version does not know: send one of millrace.v1.PartitionMapper.`,
        { metadata: { field: at, value: "unknown kind" } },
      );
  }
}

function stepsFromProto(
  message: {
    readonly window: WireUnit;
    readonly step: WireUnit;
    readonly dates?: PartitionDatesMessage | undefined;
  },
  at: string,
) {
  return {
    window: unitFromProto(message.window, at),
    step: unitFromProto(message.step, at),
    dates: datesFromProto(message.dates),
  };
}

function datesFromProto(dates: PartitionDatesMessage | undefined): PartitionDates {
  return {
    inputFormat: dates?.inputFormat ?? "",
    outputFormat: dates?.outputFormat ?? "",
    timezone: dates?.timezone || specDefaults.timezone,
    inputTimezone: dates?.inputTimezone ?? "",
  };
}

function unitFromProto(unit: WireUnit, at: string): PartitionUnit {
  const words = Object.keys(units) as PartitionUnit[];
  const found = words.find((word) => units[word] === unit);
  if (found !== undefined) return found;
  throw new MillraceError(
    "DAG_INVALID",
    `${at} has the unit ${unit}: this version knows HOUR, DAY, WEEK, MONTH, QUARTER, YEAR.`,
    { metadata: { field: at, value: String(unit) } },
  );
}
