/** Bugs in what owners know of their DAGs: whether they are paused, and which version is the newest. */

import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { DagSpecSchema, type DagSpec } from "@millrace/wire/v1";
import type { Planted } from "./planted.ts";
import type { Feature, Plan } from "./plan.ts";

/** What rows have that bugs look at. */
type Row = {
  readonly dag_id: string;
  readonly version: number;
  readonly version_id: number;
  readonly last_interval_start: Date | null;
  readonly last_interval_end: Date | null;
  readonly spec: Uint8Array;
};

const farPast = new Date(0);
const minuteMs = 60_000;

function changed(rows: object[], change: (row: Row) => object): object[] {
  return rows.map((row) => ({ ...row, ...change(row as Row) }));
}

/** Of DAGs that have been registered again. */
function changedLater(rows: object[], change: (row: Row) => object): object[] {
  return changed(rows, (row) => (row.version > 1 ? change(row) : {}));
}

function respelled(rows: object[], change: (spec: DagSpec) => void): object[] {
  return changedLater(rows, (row) => {
    const spec = fromBinary(DagSpecSchema, row.spec);
    change(spec);
    return { spec: Buffer.from(toBinary(DagSpecSchema, spec)) };
  });
}

/** DAGs with these, and time enough for some minutes to pass. */
function having(dags: number, ...features: readonly Feature[]): (plan: Plan) => Plan {
  return (plan) => ({
    ...plan,
    ...{ dags, workers: 3, slots: 5, faultMs: 300_000 },
    runs: Math.max(plan.runs, 12),
    has: {
      ...plan.has,
      versions: false,
      ...Object.fromEntries(features.map((feature) => [feature, true])),
    },
  });
}

function leaveEditionOut(spec: DagSpec): void {
  const schema = JSON.parse(spec.paramsSchema) as { properties: { edition?: unknown } };
  delete schema.properties.edition;
  spec.paramsSchema = JSON.stringify(schema);
}

/** Which needs other limits. */
function isContinuous({ schedule }: DagSpec): boolean {
  return schedule?.kind.case === "continuous";
}

/** By DAG and version: DAGs of different seeds have different names. */
const schedules = new Map<string, DagSpec>();

function withSchedulesOfBefore(rows: object[]): object[] {
  return changed(rows, ({ dag_id: dagId, version, spec: bytes }) => {
    const spec = fromBinary(DagSpecSchema, bytes);
    schedules.set(`${dagId} ${version}`, { ...spec });
    const before = schedules.get(`${dagId} ${version - 1}`);
    if (before === undefined || isContinuous(before) || isContinuous(spec)) return {};
    const { schedule, startDate, endDate, catchup } = before;
    Object.assign(spec, { schedule, startDate, endDate, catchup });
    return { spec: Buffer.from(toBinary(DagSpecSchema, spec)) };
  });
}

function moved(at: Date | null): Date | null {
  return at === null ? null : new Date(+at + minuteMs);
}

export const dagBugs = {
  pause_forgotten: {
    says: "the owner of a DAG does not know that it is paused",
    foundWithin: 40,
    promises: ["semantics 3.4", "semantics 3.5", "semantics 3.6", "semantics 10.3"],
    plan: having(1, "pauses"),
    rows: (statement, rows) =>
      statement === "owner_dag_list" ? changed(rows, () => ({ is_paused: false })) : rows,
  },
  pause_made_up: {
    says: "ticks that passed while a DAG was paused are made up",
    foundWithin: 60,
    promises: ["semantics 3.4"],
    plan: having(3, "pauses", "schedules"),
    rows: (statement, rows) =>
      statement === "owner_dag_list" ? changed(rows, () => ({ scheduled_through: farPast })) : rows,
  },
  news_unheard: {
    says: "changes of DAGs are noticed at a take-over alone",
    foundWithin: 40,
    promises: ["L3"],
    plan: having(1, "versions"),
    rows: (statement, rows, values) =>
      statement === "owner_dag_list" && values[2] !== null ? [] : rows,
  },
  version_of_before: {
    says: "runs get the version before the newest one",
    foundWithin: 40,
    promises: ["semantics 11.4"],
    plan: having(1, "versions"),
    rows: (statement, rows) =>
      statement === "owner_dag_list"
        ? changedLater(rows, (row) => ({ version_id: row.version_id - 1 }))
        : rows,
  },
  defaults_of_before: {
    says: "runs that nobody asks for get the params of the version before",
    foundWithin: 60,
    promises: ["semantics 11.4"],
    plan: having(3, "versions", "schedules"),
    rows: (statement, rows) =>
      statement === "owner_version_get" ? respelled(rows, leaveEditionOut) : rows,
  },
  schedule_of_before: {
    says: "a version ticks as the one before did",
    foundWithin: 60,
    promises: ["S15"],
    plan: having(3, "versions", "schedules"),
    rows: (statement, rows) =>
      statement === "owner_version_get" ? withSchedulesOfBefore(rows) : rows,
  },
  schedule_change_skips: {
    says: "the schedule of a later version goes on a little later than where the one before was",
    foundWithin: 60,
    promises: ["S15"],
    plan: having(3, "versions", "schedules"),
    rows: (statement, rows) =>
      statement === "owner_dag_list"
        ? changedLater(rows, (row) => ({
            last_interval_start: moved(row.last_interval_start),
            last_interval_end: moved(row.last_interval_end),
          }))
        : rows,
  },
} satisfies Readonly<Record<string, Planted>>;
