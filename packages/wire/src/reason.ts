/** Reasons of `explain` on the wire. */

import { create } from "@bufbuild/protobuf";
import type { Reason, ReasonKind as ReasonKindName } from "@millrace/engine";
import type { Reason as ReasonMessage } from "./gen/millrace/v1/task_instance_pb.ts";
import { ReasonKind, ReasonSchema } from "./gen/millrace/v1/task_instance_pb.ts";
import { timestampOf } from "./time.ts";

const kinds = {
  upstream: ReasonKind.UPSTREAM,
  retry_wait: ReasonKind.RETRY_WAIT,
  max_active_tasks: ReasonKind.MAX_ACTIVE_TASKS,
  max_active_runs: ReasonKind.MAX_ACTIVE_RUNS,
  dag_paused: ReasonKind.DAG_PAUSED,
  no_worker_for_queue: ReasonKind.NO_WORKER_FOR_QUEUE,
  no_worker_for_handler: ReasonKind.NO_WORKER_FOR_HANDLER,
  no_free_slot: ReasonKind.NO_FREE_SLOT,
  dispatching: ReasonKind.DISPATCHING,
  running: ReasonKind.RUNNING,
  cancelling: ReasonKind.CANCELLING,
  final: ReasonKind.FINAL,
  no_owner: ReasonKind.NO_OWNER,
  map_length: ReasonKind.MAP_LENGTH,
  setup: ReasonKind.SETUP,
  teardown_scope: ReasonKind.TEARDOWN_SCOPE,
  reschedule_wait: ReasonKind.RESCHEDULE_WAIT,
  restarting: ReasonKind.RESTARTING,
  deferred: ReasonKind.DEFERRED,
  awaiting_input: ReasonKind.AWAITING_INPUT,
  external_run: ReasonKind.EXTERNAL_RUN,
  external_missing: ReasonKind.EXTERNAL_MISSING,
  backfill_paused: ReasonKind.BACKFILL_PAUSED,
  backfill_max_active_runs: ReasonKind.BACKFILL_MAX_ACTIVE_RUNS,
  depends_on_past: ReasonKind.DEPENDS_ON_PAST,
  past_question: ReasonKind.PAST_QUESTION,
  pool: ReasonKind.POOL,
  no_pool: ReasonKind.NO_POOL,
  max_active_tis: ReasonKind.MAX_ACTIVE_TIS,
  max_active_tis_per_run: ReasonKind.MAX_ACTIVE_TIS_PER_RUN,
  max_active_tasks_per_dag: ReasonKind.MAX_ACTIVE_TASKS_PER_DAG,
  rate_limit: ReasonKind.RATE_LIMIT,
  concurrency_key: ReasonKind.CONCURRENCY_KEY,
  assets: ReasonKind.ASSETS,
  dag_inactive: ReasonKind.DAG_INACTIVE,
  schedule: ReasonKind.SCHEDULE,
  inputs: ReasonKind.INPUTS,
} as const satisfies Record<ReasonKindName, ReasonKind>;

export function reasonToProto(reason: Reason): ReasonMessage {
  return create(ReasonSchema, {
    kind: kinds[reason.kind],
    message: reason.message,
    evidence: { ...reason.evidence },
    until: timestampOf(reason.until),
    taskIds: [...reason.taskIds],
  });
}
