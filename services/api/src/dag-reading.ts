/** What several handlers need to answer about DAGs. */

import {
  findDagVersion,
  getDags,
  recentRuns,
  type DagHead,
  type DagVersionFile,
} from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import type { Dag } from "@millrace/wire/v1";
import type { ApiContext } from "./context.ts";
import { dagIdField, dagNotFound } from "./fields.ts";
import { apiLimits } from "./limits.ts";
import { dagMessage } from "./messages/dag.ts";

/** @throws MillraceError DAG_NOT_FOUND */
export async function requireDag({ db }: Pick<ApiContext, "db">, dagId: string): Promise<DagHead> {
  const [head] = await getDags(db, [dagIdField(dagId)]);
  if (head === undefined) throw dagNotFound(dagId);
  return head;
}

/** A DAG with everything that can be said about it. */
export async function readFullDag(
  context: Pick<ApiContext, "db" | "versions">,
  head: DagHead,
): Promise<Dag> {
  const [version, runs] = await Promise.all([
    context.versions.get(head.dag_version_id),
    recentRuns(context.db, [head.dag_id], apiLimits.recentRunsMax),
  ]);
  return dagMessage(head, version.dag.spec, { recentRuns: runs, isFull: true });
}

/** The row of a version; 0 means the newest. Throws DAG_NOT_FOUND or DAG_VERSION_NOT_FOUND. */
export async function requireDagVersion(
  context: Pick<ApiContext, "db">,
  dagId: string,
  version: number,
): Promise<DagVersionFile> {
  const head = await requireDag(context, dagId);
  const row = await findDagVersion(context.db, dagId, version === 0 ? head.version : version);
  if (row !== null) return row;
  throw new MillraceError(
    "DAG_VERSION_NOT_FOUND",
    `DAG ${dagId} has no version ${version}; its newest is ${head.version}.`,
    {
      metadata: { dag_id: dagId, version: String(version) },
    },
  );
}
