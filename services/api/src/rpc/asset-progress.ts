import { countActiveRuns, countPendingEvents, type DagHead } from "@millrace/db";
import {
  assetKey,
  assetNeeds,
  assetProgress,
  assetReasons,
  type AssetExpression,
  type AssetProgress,
  type DagSpec,
  type Reason,
} from "@millrace/engine";
import type { Handler } from "@millrace/service";
import { reasonToProto } from "@millrace/wire";
import type { AssetService } from "@millrace/wire/v1";
import { expressionOf } from "../asset-registration.ts";
import type { ApiContext } from "../context.ts";
import { requireDag } from "../dag-reading.ts";
import { progressMessage } from "../messages/asset.ts";

/** By the same rules as the scheduler's, from the same rows. */
export function getAssetProgress(
  context: ApiContext,
): Handler<typeof AssetService.method.getAssetProgress> {
  return async (request) => {
    const head = await requireDag(context, request.dagId);
    const { dag } = await context.versions.get(head.dag_version_id);
    const wait = await assetWaitOf(context, head, dag.spec);
    if (wait === null) return {};
    return {
      progress: progressMessage(wait.progress),
      reasons: wait.reasons.map(reasonToProto),
    };
  };
}

/** What the next run of a DAG waits for; null when it is not scheduled on assets. */
export async function assetWaitOf(
  context: ApiContext,
  head: DagHead,
  spec: DagSpec,
): Promise<{ readonly progress: AssetProgress; readonly reasons: readonly Reason[] } | null> {
  const expression = expressionOf(spec);
  if (expression === null) return null;
  const progress = assetProgress(expression, await countsOf(context, head.dag_id, expression));
  const held = await heldBy(context, head, spec.maxActiveRuns);
  return { progress, reasons: [...assetReasons(progress), ...held] };
}

async function countsOf({ db }: ApiContext, dagId: string, expression: AssetExpression) {
  const needs = assetNeeds(expression);
  const counts = await countPendingEvents(
    db,
    needs.map(({ of, count: needed }) => ({
      ...{ dagId, needed },
      ...(of.kind === "asset" ? { uri: of.uri, alias: "" } : { uri: "", alias: of.name }),
    })),
  );
  const byKey = new Map(needs.map(({ of }, n) => [assetKey(of), counts[n] ?? 0]));
  return (of: Parameters<typeof assetKey>[0]) => byKey.get(assetKey(of)) ?? 0;
}

async function heldBy({ db }: ApiContext, head: DagHead, max: number): Promise<Reason[]> {
  const { dag_id } = head;
  const reasons: Reason[] = [];
  if (!head.is_active)
    reasons.push({
      ...{ kind: "dag_inactive", evidence: { dag_id }, until: null, taskIds: [] },
      message: `The DAG ${dag_id} has no file any more, and gets no events; put it back to run it.`,
    });
  if (head.is_paused)
    reasons.push({
      ...{ kind: "dag_paused", evidence: { dag_id }, until: null, taskIds: [] },
      message: `The DAG ${dag_id} is paused; events wait, and make a run once it is unpaused.`,
    });
  const { active } = await countActiveRuns(db, dag_id);
  if (active >= max)
    reasons.push({
      ...{ kind: "max_active_runs", until: null, taskIds: [] },
      evidence: { dag_id, active: String(active), limit: String(max) },
      message: `${active} runs of ${dag_id} are queued or running, and maxActiveRuns is ${max}; events wait for one to end.`,
    });
  return reasons;
}
