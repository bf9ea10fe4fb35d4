/**
 * Bugs that are planted into the wiring of the simulation, never into the product: a checker that has never failed is no
 * evidence. Each is what the product would do without one of its guards.
 */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Bus } from "@millrace/bus";
import { flush as writeFlush } from "@millrace/db";
import { parseAttemptId, attemptIdOf } from "@millrace/wire";
import {
  DispatchSchema,
  OwnerCommandSchema,
  OwnerReplySchema,
  ResultBatchSchema,
  VerdictBatchSchema,
} from "@millrace/wire/internal";
import { VerdictKind, VerdictSchema } from "@millrace/wire/worker";
import { dagBugs } from "./bugs-dags.ts";
import { askedBugs } from "./bugs-asked.ts";
import { limitBugs } from "./bugs-limits.ts";
import { inputBugs } from "./bugs-inputs.ts";
import { partitionBugs } from "./bugs-partitions.ts";
import type { Planted } from "./planted.ts";

const planted = {
  ...limitBugs,
  ...dagBugs,
  ...askedBugs,
  ...partitionBugs,
  ...inputBugs,
  past_forgiven: {
    says: "what failed in the run before holds nobody who reads of it",
    foundWithin: 60,
    promises: ["semantics 5.1"],
    plan: (plan) => ({
      ...plan,
      ...{ runs: 12, dags: 1 },
      bodies: { ...plan.bodies, failsForGood: 0.4 },
    }),
    rows: (statement, rows) =>
      statement === "past_task_states"
        ? rows.map((row) => ({ ...row, fine: 1_000, other_map_ix: null, other_state: null }))
        : rows,
  },
  attempt_ignored: {
    says: "a result counts for whatever attempt is the newest (1, 3)",
    foundWithin: 100,
    promises: ["S1", "S3", "S4", "S8"],
    plan: (plan) => ({
      ...plan,
      ...{ workers: 3, runs: 25, faultMs: 150_000 },
      every: { ...plan.every, pause: 2_000, killWorker: null, stopWorker: null },
    }),
    schedulerBus: (bus, tables) =>
      withResponder(bus, "results", async (data, answer) => {
        const batch = fromBinary(ResultBatchSchema, data);
        for (const { result } of batch.results) {
          const ref = result === undefined ? null : parseAttemptId(result.attemptId);
          if (result === undefined || ref === null) continue;
          const row = tables.dataOf(ref.runKey).instances.get(`${ref.ix} ${ref.mapIx}`);
          result.attemptId = attemptIdOf({ ...ref, attempt: row?.attempt ?? ref.attempt });
        }
        const asked = fromBinary(ResultBatchSchema, data).results;
        const verdicts = fromBinary(
          VerdictBatchSchema,
          await answer(toBinary(ResultBatchSchema, batch)),
        );
        for (const [at, verdict] of verdicts.verdicts.entries())
          verdict.attemptId = asked[at]?.result?.attemptId ?? "";
        return toBinary(VerdictBatchSchema, verdicts);
      }),
  },
  attempt_reused: {
    says: "what was lost is granted again under the number it had (6)",
    foundWithin: 60,
    promises: ["S10", "L3"],
    schedulerBus: (bus, tables) => ({
      ...bus,
      publish(subject, data) {
        if (!subject.startsWith("api.")) return bus.publish(subject, data);
        const dispatch = fromBinary(DispatchSchema, data);
        for (const { assignment } of dispatch.assignments) {
          const ref = assignment === undefined ? null : parseAttemptId(assignment.attemptId);
          if (assignment === undefined || ref === null || ref.attempt < 2) continue;
          const row = tables.dataOf(ref.runKey).instances.get(`${ref.ix} ${ref.mapIx}`);
          if ((row?.losses ?? 0) > 0)
            assignment.attemptId = attemptIdOf({ ...ref, attempt: ref.attempt - 1 });
        }
        bus.publish(subject, toBinary(DispatchSchema, dispatch));
      },
    }),
  },
  epoch_ignored: {
    says: "a flush does not look at the epoch of its shards (7)",
    foundWithin: 60,
    promises: ["S4", "S9", "S12", "L3"],
    plan: (plan) => ({
      ...plan,
      schedulers: 3,
      ...{ runs: 12, every: { ...plan.every, killScheduler: 8_000 } },
      database: { ...plan.database, stalled: 0.08 },
    }),
    guards: { epoch: false },
  },
  ok_before_commit: {
    says: "verdicts and assignments leave before the flush is committed (9)",
    foundWithin: 50,
    promises: ["S1"],
    flush: () => (lane, batch) => {
      writeFlush(lane, batch).catch(() => undefined);
      return Promise.resolve({ kind: "written", at: 0, missed: null });
    },
  },
  retry_forgotten: {
    says: "a task that waits for its retry is forgotten at a take-over (10)",
    foundWithin: 60,
    // It does not end, or ends without the try that it still had.
    promises: ["L3", "S8"],
    rows: (statement, rows, _values, now) =>
      statement === "owner_task_list"
        ? rows.map((row) => {
            const waits = "wait_until" in row && row.wait_until !== null;
            return waits ? { ...row, wait_until: new Date(now + farMs) } : row;
          })
        : rows,
  },
  counts_of_before: {
    says: "a run's counters are written as they were one flush before (11)",
    foundWithin: 20,
    promises: ["S8"],
    flush() {
      const last = new Map<number, ArrayLike<number>>();
      return (lane, batch) => {
        const runs = batch.runs.map((run) => {
          const before = last.get(run.id) ?? [];
          last.set(run.id, Array.from(run.counts));
          return { ...run, counts: before };
        });
        return writeFlush(lane, { ...batch, runs });
      };
    },
  },
  cancel_forgotten: {
    says: "a cancel is answered and stops nothing that is ready (16)",
    foundWithin: 60,
    promises: ["S1", "S16"],
    schedulerBus: (bus) =>
      withResponder(bus, "command", (data, answer) => {
        const { command } = fromBinary(OwnerCommandSchema, data);
        if (command.case !== "cancelRun") return answer(data);
        const reply = { reply: { case: "runKey" as const, value: command.value.runKey } };
        return Promise.resolve(toBinary(OwnerReplySchema, create(OwnerReplySchema, reply)));
      }),
  },
  request_not_stored: {
    says: "answers to requests are not stored with what they did (18)",
    foundWithin: 50,
    promises: ["S2"],
    guards: { request: false },
  },
  sweep_too_early: {
    says: "sessions are taken for dead before their time is over (4, 26)",
    foundWithin: 60,
    promises: ["S10", "S8", "L3"],
    rows: (statement, rows, values) =>
      statement === "session_find_dead"
        ? (values[0] as number[]).map((key) => ({ key, has_ended: key % 3 === 0 }))
        : rows,
  },
  half_a_flush: {
    says: "an outcome and what follows from it are written in two transactions (8)",
    foundWithin: 50,
    promises: ["S9"],
    flush: () => async (lane, batch) => {
      const rest = { ...batch, settled: [] };
      return writeFlush(lane, batch.settled.length === 0 ? batch : rest);
    },
  },
  bus_taken_as_truth: {
    says: "a result is acknowledged as soon as it was sent to its owner (20)",
    foundWithin: 50,
    promises: ["S1"],
    apiBus: (bus) => ({
      ...bus,
      request(subject, data, options) {
        const answer = bus.request(subject, data, options);
        if (!subject.endsWith(".results")) return answer;
        answer.catch(() => undefined);
        const verdicts = fromBinary(ResultBatchSchema, data).results.map(({ result }) =>
          create(VerdictSchema, { attemptId: result?.attemptId ?? "", kind: VerdictKind.OK }),
        );
        return Promise.resolve(
          toBinary(VerdictBatchSchema, create(VerdictBatchSchema, { verdicts })),
        );
      },
    }),
  },
} satisfies Readonly<Record<string, Planted>>;

/** Longer than the simulation waits for a run to end. */
const farMs = 24 * 3_600_000;

export type BugName = keyof typeof planted;
export const bugs: Readonly<Record<BugName, Planted>> = planted;
export const bugNames = Object.keys(planted) as BugName[];

type Answer = (data: Uint8Array) => Promise<Uint8Array>;

/** Puts something in front of the responder of a node's subject. */
function withResponder(
  bus: Bus,
  subjectEnd: string,
  before: (data: Uint8Array, answer: Answer) => Promise<Uint8Array>,
): Bus {
  return {
    ...bus,
    respond: (subject, handler) =>
      bus.respond(
        subject,
        subject.endsWith(`.${subjectEnd}`) ? (data) => before(data, handler) : handler,
      ),
  };
}
