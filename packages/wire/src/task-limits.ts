/** What holds a task back, on the wire and as the engine knows it. 0 on the wire stands for no limit. */

import { defaultPool, type TaskSpec } from "@millrace/engine";
import type { TaskSpec as TaskSpecMessage } from "./gen/millrace/v1/dag_pb.ts";
import { ruleOfWeightFromProto, weightRuleNumbers } from "./task-words.ts";
import { durationOf, msOf } from "./time.ts";

type Limits = Pick<
  TaskSpec,
  "weightRule" | "pool" | "poolSlots" | "maxActiveTis" | "maxActiveTisPerRun" | "rateLimit"
>;

export function limitsToProto(task: Limits) {
  const { rateLimit } = task;
  return {
    weightRule: weightRuleNumbers[task.weightRule],
    pool: task.pool,
    poolSlots: task.poolSlots,
    maxActiveTis: task.maxActiveTis ?? 0,
    maxActiveTisPerRun: task.maxActiveTisPerRun ?? 0,
    rateLimit:
      rateLimit === null
        ? undefined
        : { key: rateLimit.key, limit: rateLimit.limit, per: durationOf(rateLimit.perMs) },
  };
}

/** @throws MillraceError DAG_INVALID for a weight rule that this version does not know */
export function limitsFromProto(message: TaskSpecMessage): Limits {
  const { rateLimit } = message;
  return {
    weightRule: ruleOfWeightFromProto(message),
    pool: message.pool || defaultPool,
    poolSlots: message.poolSlots || 1,
    maxActiveTis: message.maxActiveTis || null,
    maxActiveTisPerRun: message.maxActiveTisPerRun || null,
    rateLimit: rateLimit
      ? { key: rateLimit.key, limit: rateLimit.limit, perMs: msOf(rateLimit.per) ?? 0 }
      : null,
  };
}
