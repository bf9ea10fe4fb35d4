/** Bugs in what workers are asked beside the bodies of tasks. */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Bus } from "@millrace/bus";
import { parseAttemptId } from "@millrace/wire";
import {
  DispatchSchema,
  InventoryVerdictsSchema,
  ResultBatchSchema,
} from "@millrace/wire/internal";
import { SucceededSchema, type Result } from "@millrace/wire/worker";
import { crashing, having } from "./bugs-limits.ts";
import type { Planted } from "./planted.ts";

/** What workers say to questions reaches owners otherwise. */
function withAnswers(bus: Bus, change: (result: Result) => void): Bus {
  return {
    ...bus,
    respond: (subject, handler) =>
      bus.respond(subject, (data) => {
        if (!subject.endsWith(".results")) return handler(data);
        const batch = fromBinary(ResultBatchSchema, data);
        for (const { result } of batch.results)
          if (result !== undefined && parseAttemptId(result.attemptId)?.of === "call")
            change(result);
        return handler(toBinary(ResultBatchSchema, batch));
      }),
  };
}

function isWatch(attemptId: string): boolean {
  return parseAttemptId(attemptId)?.of === "asset_watch";
}

/** Cursors of rows, moved. */
function moved(rows: object[], by: number): object[] {
  return (rows as { readonly cursor: Buffer | null }[]).map((row) => {
    const at = row.cursor === null ? null : Number(row.cursor.toString()) + by;
    return { ...row, cursor: at === null ? null : Buffer.from(String(Math.max(0, at))) };
  });
}

export const askedBugs = {
  no_answer_is_none: {
    says: "a timetable whose function throws has said that no run follows",
    foundWithin: 40,
    promises: ["S15", "L3"],
    plan: having("timetables"),
    schedulerBus: (bus) =>
      withAnswers(bus, (result) => {
        const returnValue = { data: Buffer.from('{"runs":[]}') };
        const value = create(SucceededSchema, { returnValue });
        if (result.outcome.case === "failed") result.outcome = { case: "succeeded", value };
      }),
  },
  date_moved: {
    says: "runs are about a second more than a timetable says",
    foundWithin: 20,
    promises: ["S15"],
    plan: having("timetables"),
    schedulerBus: (bus) =>
      withAnswers(bus, (result) => {
        if (result.outcome.case !== "succeeded") return;
        const text = Buffer.from(result.outcome.value.returnValue?.data ?? []).toString();
        const moved = text.replace(
          /"end":(\d+)/,
          (_, end: string) => `"end":${Number(end) + 1_000}`,
        );
        result.outcome.value.returnValue!.data = Buffer.from(moved);
      }),
  },
  timetable_goes_back: {
    says: "a take-over believes that a timetable has not begun; a DAG may have two runs with one logical date",
    foundWithin: 40,
    // Or nobody asks what follows the newest run.
    promises: ["S15", "L3"],
    plan: (plan) => having("timetables")(crashing(plan)),
    guards: { date: false },
    rows: (statement, rows) =>
      statement === "owner_dag_list"
        ? rows.map((row) => ({ ...row, last_interval_start: null, last_interval_end: null }))
        : rows,
  },
  timetable_given_up: {
    says: "a timetable that has once failed is not asked again",
    foundWithin: 40,
    promises: ["L3"],
    plan: having("timetables"),
    schedulerBus(bus) {
      const failed = new Set<number>();
      const own = withAnswers(bus, (result) => {
        if (result.outcome.case === "failed") failed.add(parseAttemptId(result.attemptId)!.shard);
      });
      const isAsked = (attemptId = ""): boolean => {
        const ref = parseAttemptId(attemptId);
        return ref?.of !== "call" || !failed.has(ref.shard);
      };
      return {
        ...own,
        publish(subject, data) {
          if (!subject.startsWith("api.")) return bus.publish(subject, data);
          const dispatch = fromBinary(DispatchSchema, data);
          dispatch.assignments = dispatch.assignments.filter(({ assignment }) =>
            isAsked(assignment?.attemptId),
          );
          bus.publish(subject, toBinary(DispatchSchema, dispatch));
        },
      };
    },
  },
  answer_turned: {
    says: "where a function says that the past matters the task starts, and waits where it does not",
    foundWithin: 60,
    promises: ["semantics 5.1", "L3"],
    plan: (plan) => having("deciders", "schedules")({ ...plan, runs: 12 }),
    schedulerBus: (bus) =>
      withAnswers(bus, (result) => {
        const value = result.outcome.case === "succeeded" ? result.outcome.value.returnValue : null;
        const text = Buffer.from(value?.data ?? []).toString();
        const turned = { true: "false", false: "true" }[text];
        if (value && turned !== undefined) value.data = Buffer.from(turned);
      }),
  },
  target_not_looked_for: {
    says: "a body runs, though what it makes was found",
    foundWithin: 40,
    promises: ["targets"],
    plan: having("targets"),
    targets: { before: false },
  },
  target_not_missed: {
    says: "a body that is done without its target has succeeded",
    foundWithin: 40,
    promises: ["targets"],
    plan: having("targets"),
    targets: { after: false },
  },
  watcher_goes_back: {
    says: "a take-over lets watchers of assets go on from a little before where they were",
    foundWithin: 40,
    promises: ["watchers"],
    plan: (plan) => having("watchers")(crashing(plan)),
    rows: (statement, rows) => (statement === "asset_watcher_list" ? moved(rows, -1) : rows),
  },
  watcher_skips: {
    says: "a take-over lets watchers of assets go on from a little later",
    foundWithin: 40,
    promises: ["watchers", "L3"],
    plan: (plan) => having("watchers")(crashing(plan)),
    rows: (statement, rows) => (statement === "asset_watcher_list" ? moved(rows, 1) : rows),
  },
  watcher_forgotten: {
    says: "of the watchers of a shard that is taken over one is forgotten",
    foundWithin: 40,
    promises: ["L3"],
    plan: (plan) => having("watchers")(crashing(plan)),
    rows: (statement, rows) => (statement === "asset_watcher_list" ? rows.slice(1) : rows),
  },
  watcher_kept: {
    says: "nobody is told that nothing is to be watched any more",
    foundWithin: 60,
    promises: ["L3"],
    plan: having("watchers"),
    schedulerBus: (bus) => ({
      ...bus,
      publish(subject, data) {
        if (!subject.startsWith("api.")) return bus.publish(subject, data);
        const dispatch = fromBinary(DispatchSchema, data);
        dispatch.cancels = dispatch.cancels.filter(({ attemptId }) => !isWatch(attemptId));
        bus.publish(subject, toBinary(DispatchSchema, dispatch));
      },
      respond: (subject, handler) =>
        bus.respond(subject, async (data) => {
          if (!subject.endsWith(".inventory")) return handler(data);
          const answer = fromBinary(InventoryVerdictsSchema, await handler(data));
          answer.verdicts = answer.verdicts.filter(({ attemptId }) => !isWatch(attemptId));
          return toBinary(InventoryVerdictsSchema, answer);
        }),
    }),
  },
} satisfies Readonly<Record<string, Planted>>;
