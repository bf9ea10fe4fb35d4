/** Pauses DAGs whose automated runs fail one after the other. */

import { toBinary, create } from "@bufbuild/protobuf";
import { pauseAfterFailures } from "@millrace/db";
import { RunState } from "@millrace/engine";
import { DagsChangedSchema } from "@millrace/wire/internal";
import { loadedShard, type Owner } from "../owner.ts";
import { assetTriggered, automated, type ActiveRun } from "./run.ts";

/** An automated run has ended: pauses its DAG if that was one failure too many. Everybody is told to look at the row. */
export async function pauseIfFailing(owner: Owner, run: ActiveRun): Promise<void> {
  const { maxConsecutiveFailedRuns: limit } = run.version.compiled.spec;
  const { runType } = run.facts;
  const isAutomated = runType === automated || runType === assetTriggered;
  const isFailure = run.engine.state === RunState.failed && isAutomated;
  const shard = loadedShard(owner, run.shard);
  if (limit === 0 || !isFailure || shard === null) return;
  const { dagId } = run;
  const fence = { shard: run.shard, epoch: shard.epoch };
  if (!(await pauseAfterFailures(owner.db, fence, dagId, limit))) return;
  owner.log.warn({ dag_id: dagId, failed_runs: limit }, "dag.paused_after_failures");
  owner.bus.publish(
    "dags",
    toBinary(DagsChangedSchema, create(DagsChangedSchema, { dagIds: [dagId] })),
  );
}
