import { countActiveRuns, lastIntervalOf, type DagHead } from "@millrace/db";
import {
  isMillraceError,
  nextRuns,
  noOwner,
  partitionKeyAt,
  scheduleReasons,
  shardOf,
  type DagSpec,
  type PlannedRun,
} from "@millrace/engine";
import { principalLabel, type Call, type Handler } from "@millrace/service";
import { plannedRunFromProto, plannedRunToProto, reasonToProto } from "@millrace/wire";
import type { DagService } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { requireDag } from "../dag-reading.ts";
import { apiLimits } from "../limits.ts";
import { pageSizeOf } from "../paging.ts";
import { assetReasonsOf } from "./asset-progress.ts";

const countLimits = { default: 10, max: 1000 };

type Planned = { readonly runs: readonly PlannedRun[]; readonly problem: string };

/** By the same plan as the scheduler's, from the same row; the function of a timetable is asked by way of its owner. */
export function listNextRuns(context: ApiContext): Handler<typeof DagService.method.listNextRuns> {
  return async (request, call) => {
    const count = pageSizeOf(request.count, countLimits);
    const head = await requireDag(context, request.dagId);
    const [{ dag }, active] = await Promise.all([
      context.versions.get(head.dag_version_id),
      countActiveRuns(context.db, head.dag_id),
    ]);
    const { spec } = dag;
    if (spec.schedule?.kind === "assets" || spec.schedule?.kind === "partitioned_assets") {
      const reasons = await assetReasonsOf(context, head, spec);
      return { plannedRuns: [], reasons: (reasons ?? []).map(reasonToProto) };
    }
    const isAsked = spec.schedule?.kind === "custom";
    const { runs, problem } = isAsked
      ? await askedRuns(context, head, count, call)
      : { runs: plannedRuns(head, spec, count), problem: "" };
    const reasons = scheduleReasons({
      ...{ spec, problem: problem || head.schedule_problem },
      isPaused: head.is_paused,
      isActive: head.is_active,
      activeRuns: active.active,
      activeAutomatedRuns: active.automated,
      next: runs[0] ?? null,
      now: head.now.getTime(),
    });
    return {
      plannedRuns: runs.map((run) => ({
        ...plannedRunToProto(run),
        partitionKey: partitionKeyAt(spec.schedule, run.dataInterval.end) ?? "",
      })),
      reasons: reasons.map(reasonToProto),
    };
  };
}

function plannedRuns(head: DagHead, spec: DagSpec, count: number): PlannedRun[] {
  const now = head.now.getTime();
  // What a clock shows while the DAG rests is over once it goes on.
  const through = head.is_paused || !head.is_active ? now : head.scheduled_through.getTime();
  return nextRuns(spec, { now, last: lastIntervalOf(head), through, count });
}

async function askedRuns(
  { commands }: ApiContext,
  { dag_id: dagId }: DagHead,
  count: number,
  call: Call,
): Promise<Planned> {
  try {
    const { reply } = await commands.send(
      shardOf(dagId),
      {
        principal: principalLabel(call.principal),
        command: { case: "planRuns", value: { dagId, count } },
      },
      {
        signal: call.signal,
        searchMs: apiLimits.explainSearchMs,
        answerMs: apiLimits.planAnswerMs,
      },
    );
    if (reply.case !== "plannedRuns") return { runs: [], problem: "" };
    return { runs: reply.value.runs.map(plannedRunFromProto), problem: reply.value.problem };
  } catch (error) {
    // The rest of the answer is worth having.
    if (!isMillraceError(error) || error.reason !== "NOT_OWNER") throw error;
    return { runs: [], problem: noOwner().message };
  }
}
