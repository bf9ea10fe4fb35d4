/** Registered DAGs, their versions, and what could not be registered. */

import type { DataInterval } from "@millrace/engine";
import { sqlText } from "./assets.ts";
import type { Database } from "./database.ts";
import type { Transaction } from "./requests.ts";
import { rowsOf } from "./statement.ts";

/** A DAG with its newest version. */
export type DagRow = {
  readonly dag_id: string;
  readonly version: number;
  readonly folder: string;
  readonly file: string;
  readonly description: string;
  readonly tags: string[];
  readonly owner: string;
  readonly schedule: string;
  readonly timezone: string;
  readonly is_paused: boolean;
  readonly is_active: boolean;
  readonly next_run_at: Date | null;
  readonly schedule_problem: string;
  readonly registered_at: Date;
  readonly dag_version_id: number;
  readonly task_count: number;
};

/** With the digest of the newest version's spec, and what its next runs follow from. */
export type DagHead = DagRow & {
  readonly digest: string;
  readonly scheduled_through: Date;
  readonly last_interval_start: Date | null;
  readonly last_interval_end: Date | null;
  /** When this was read. */
  readonly now: Date;
};

/** The data interval of a DAG's newest automated run; null when there was none. */
export function lastIntervalOf({
  last_interval_start: start,
  last_interval_end: end,
}: Pick<DagHead, "last_interval_start" | "last_interval_end">): DataInterval | null {
  return start === null || end === null ? null : { start: start.getTime(), end: end.getTime() };
}

export type DagFilter = {
  /** Text within id, description or a tag, case ignored. */
  readonly search: string | null;
  /** All of these. */
  readonly tags: readonly string[];
  readonly isPaused: boolean | null;
  readonly includeInactive: boolean;
};

/** Those of the DAGs that exist. */
export async function getDags(db: Database, dagIds: readonly string[]): Promise<DagHead[]> {
  return rowsOf<DagHead>(db.pool, "dag_get", [dagIds]);
}

/** DAGs by id, after `afterDagId`. */
export async function listDags(
  db: Database,
  filter: DagFilter,
  page: { readonly afterDagId: string; readonly limit: number },
): Promise<DagRow[]> {
  return rowsOf<DagRow>(db.pool, "dag_list_page", [
    ...filterValues(filter),
    page.afterDagId,
    page.limit,
  ]);
}

export async function countDags(db: Database, filter: DagFilter): Promise<number> {
  const [row] = await rowsOf<{ total: number }>(db.pool, "dag_count", filterValues(filter));
  return row?.total ?? 0;
}

function filterValues({ search, tags, isPaused, includeInactive }: DagFilter): unknown[] {
  return [search, tags, isPaused, includeInactive];
}

/** Turns a DAG's switch; nothing happens when it stands so already, or there is no such DAG. */
export async function setDagPaused(
  tx: Transaction,
  dagId: string,
  isPaused: boolean,
): Promise<void> {
  await tx.$executeRawUnsafe(sqlText("dag_set_paused"), dagId, isPaused);
}

/** What a registration writes of a DAG. */
export type DagWrite = {
  readonly dag_id: string;
  readonly shard: number;
  readonly version: number;
  readonly folder: string;
  readonly file: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly owner: string;
  readonly schedule: string;
  readonly timezone: string;
  /** Of new DAGs; others keep their switch. */
  readonly is_paused: boolean;
};

export type DagVersionWrite = {
  readonly dagId: string;
  readonly version: number;
  readonly digest: string;
  /** millrace.v1.DagSpec without its source. */
  readonly spec: Uint8Array;
  readonly file: string;
  readonly source: string;
  readonly bundleDigest: string | null;
  readonly taskCount: number;
};

/** DAGs as a registration finds them, locked until the transaction ends. */
export async function lockDagHeads(tx: Transaction, dagIds: readonly string[]): Promise<DagHead[]> {
  await tx.$executeRaw`SELECT 1 FROM dag WHERE dag_id = ANY (${[...dagIds]}::text[]) ORDER BY dag_id FOR UPDATE`;
  return tx.$queryRawUnsafe<DagHead[]>(sqlText("dag_get"), [...dagIds]);
}

export async function writeDags(
  tx: Transaction,
  dags: readonly DagWrite[],
  versions: readonly DagVersionWrite[],
): Promise<void> {
  if (dags.length > 0) await tx.$executeRawUnsafe(sqlText("dag_upsert"), JSON.stringify(dags));
  if (versions.length === 0) return;
  await tx.dagVersion.createMany({
    data: versions.map((version) => ({ ...version, spec: Uint8Array.from(version.spec) })),
  });
}

/** Makes DAGs of a folder inactive that are neither kept nor in a file that is broken now; returns their ids. */
export async function deactivateMissingDags(
  tx: Transaction,
  folder: string,
  left: { readonly keptDagIds: readonly string[]; readonly brokenFiles: readonly string[] },
): Promise<string[]> {
  const gone = await tx.$queryRawUnsafe<{ dag_id: string }[]>(
    sqlText("dag_deactivate_missing"),
    folder,
    [...left.keptDagIds],
    [...left.brokenFiles],
  );
  return gone.map((row) => row.dag_id);
}

export type ImportErrorRow = {
  readonly folder: string;
  readonly file: string;
  readonly message: string;
  readonly seenAt: Date;
};

/** Replaces a folder's import errors; one that says the same as before keeps its date. */
export async function replaceImportErrors(
  tx: Transaction,
  folder: string,
  errors: readonly { readonly file: string; readonly message: string }[],
): Promise<ImportErrorRow[]> {
  const before = await tx.importError.findMany({ where: { folder } });
  const seenAt = new Map(before.map((row) => [`${row.file}\n${row.message}`, row.seenAt]));
  await tx.importError.deleteMany({ where: { folder } });
  const now = new Date();
  await tx.importError.createMany({
    data: errors.map((error) => ({
      folder,
      ...error,
      seenAt: seenAt.get(`${error.file}\n${error.message}`) ?? now,
    })),
  });
  return tx.importError.findMany({ where: { folder }, orderBy: { file: "asc" } });
}

/** Import errors by folder and file, after a position. */
export async function listImportErrors(
  db: Database,
  page: {
    readonly after: { readonly folder: string; readonly file: string } | null;
    readonly limit: number;
  },
): Promise<ImportErrorRow[]> {
  const { after, limit } = page;
  const where =
    after === null
      ? {}
      : {
          OR: [
            { folder: { gt: after.folder } },
            { folder: after.folder, file: { gt: after.file } },
          ],
        };
  return db.prisma.importError.findMany({
    where,
    orderBy: [{ folder: "asc" }, { file: "asc" }],
    take: limit,
  });
}

export type DagVersionHead = {
  readonly id: number;
  readonly version: number;
  readonly digest: string;
  readonly bundleDigest: string | null;
  readonly registeredAt: Date;
};

/** Versions of a DAG below `below`, newest first. */
export async function listDagVersions(
  db: Database,
  dagId: string,
  page: { readonly below: number; readonly limit: number },
): Promise<DagVersionHead[]> {
  return db.prisma.dagVersion.findMany({
    where: { dagId, version: { lt: page.below } },
    select: { id: true, version: true, digest: true, bundleDigest: true, registeredAt: true },
    orderBy: { version: "desc" },
    take: page.limit,
  });
}

export type DagVersionFile = {
  readonly id: number;
  readonly version: number;
  readonly file: string;
  readonly source: string;
};

/** A version of a DAG by its number; null when there is none. */
export async function findDagVersion(
  db: Database,
  dagId: string,
  version: number,
): Promise<DagVersionFile | null> {
  return db.prisma.dagVersion.findUnique({
    where: { dagId_version: { dagId, version } },
    select: { id: true, version: true, file: true, source: true },
  });
}

/** The specs of these versions, by row id, as millrace.v1.DagSpec without source. */
export async function readDagSpecs(
  db: Database,
  ids: readonly number[],
): Promise<Map<number, Uint8Array>> {
  const rows = await db.prisma.dagVersion.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, spec: true },
  });
  return new Map(rows.map((row) => [row.id, row.spec]));
}
