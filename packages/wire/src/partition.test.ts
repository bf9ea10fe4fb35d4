/** Whatever a schedule by partition can say comes through the wire unchanged. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { PartitionDates, PartitionMapper, Schedule } from "@millrace/engine";
import { partitionUnits } from "@millrace/engine";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { PartitionUnit, ScheduleSchema } from "./gen/millrace/v1/schedule_pb.ts";
import { scheduleFromProto, scheduleToProto } from "./schedule.ts";

const text = fc.string({ unit: "grapheme", maxLength: 12 });
const unit = fc.constantFrom(...partitionUnits);
const dates: fc.Arbitrary<PartitionDates> = fc.record({
  inputFormat: text,
  outputFormat: text,
  timezone: fc.constantFrom("UTC", "Europe/Zurich"),
  inputTimezone: fc.constantFrom("", "UTC"),
});
const keys = fc.array(text, { maxLength: 3 });
const atLeast = fc.option(fc.integer({ min: 1, max: 1000 }), { nil: null });
const mapper = fc.letrec<{ one: PartitionMapper }>((tie) => ({
  one: fc.oneof(
    { maxDepth: 3 },
    fc.record({ kind: fc.constant("identity" as const) }),
    fc.record({ kind: fc.constant("start_of" as const), unit, dates }),
    fc.record({ kind: fc.constantFrom("allowed_keys" as const, "each_of" as const), keys }),
    fc.record({ kind: fc.constant("fixed_key" as const), key: text }),
    fc.record({ kind: fc.constant("fan_out" as const), window: unit, step: unit, dates }),
    fc.record({ kind: fc.constant("rollup" as const), window: unit, step: unit, dates, atLeast }),
    fc.record({ kind: fc.constant("segments" as const), keys, to: text, atLeast }),
    fc.record({
      kind: fc.constantFrom("product" as const, "chain" as const),
      mappers: fc.array(tie("one"), { maxLength: 3 }),
    }),
  ),
})).one;
const asset = { kind: "asset", uri: "a", name: "a", group: "asset", extra: "" } as const;

function through(schedule: Schedule): Schedule {
  const bytes = toBinary(ScheduleSchema, scheduleToProto(schedule));
  return scheduleFromProto(fromBinary(ScheduleSchema, bytes));
}

test("mappers come through unchanged, of assets by uri and by name", () => {
  const mapping = fc.oneof(
    fc.record({ uri: fc.string({ minLength: 1 }), name: fc.constant(""), mapper }),
    fc.record({ uri: fc.constant(""), name: fc.string({ minLength: 1 }), mapper }),
  );
  fc.assert(
    fc.property(fc.array(mapping, { maxLength: 3 }), (mappings) => {
      const expression = { kind: "events", of: asset, count: 1 } as const;
      const schedule: Schedule = { kind: "partitioned_assets", expression, mappings };
      expect(through(schedule)).toEqual(schedule);
    }),
  );
});

test("the partition of a cron schedule comes through unchanged", () => {
  const partition = fc.record({ format: text, offset: fc.integer({ min: -1000, max: 1000 }) });
  fc.assert(
    fc.property(partition, (given) => {
      const schedule: Schedule = {
        ...{ kind: "cron", expressions: ["@daily"], timezone: "UTC" },
        ...{ intervalMs: 0, jitterMs: 0, runImmediately: null, partition: given },
      };
      expect(through(schedule)).toEqual(schedule);
    }),
  );
});

test("a mapper, or a unit, of a kind that this version does not know is refused with its place", () => {
  const kind = (mapper: object) =>
    create(ScheduleSchema, {
      kind: {
        case: "partitionedAssets",
        value: {
          expression: { kind: { case: "asset", value: { uri: "a" } } },
          mappings: [{ uri: "a", mapper }],
        },
      },
    });
  expect(() => scheduleFromProto(kind({}))).toThrow(
    "schedule.map[0] is of a kind that this version",
  );
  const value = { unit: PartitionUnit.UNSPECIFIED };
  expect(() => scheduleFromProto(kind({ kind: { case: "startOf", value } }))).toThrow(
    "schedule.map[0] has the unit 0: this version knows HOUR, DAY",
  );
});
