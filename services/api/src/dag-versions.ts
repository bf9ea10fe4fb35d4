/** DAG versions as this node last compiled them: immutable, so kept as long as there is room. */

import { fromBinary } from "@bufbuild/protobuf";
import { readDagSpecs, type Database } from "@millrace/db";
import { compileDag, MillraceError, type CompiledDag } from "@millrace/engine";
import { dagSpecFromProto } from "@millrace/wire";
import { DagSpecSchema, type DagSpec } from "@millrace/wire/v1";
import { apiLimits } from "./limits.ts";

export type DagVersion = {
  /** As registered, without its source. */
  readonly spec: DagSpec;
  readonly dag: CompiledDag;
};

export type DagVersions = {
  /** By `dag_version.id`. */
  get(id: number): Promise<DagVersion>;
  /** Those of the versions that exist, by id. */
  getAll(ids: readonly number[]): Promise<Map<number, DagVersion>>;
};

export function createDagVersions(db: Database): DagVersions {
  // In the order of last use.
  const kept = new Map<number, DagVersion>();
  let tasks = 0;

  function use(id: number): DagVersion | undefined {
    const version = kept.get(id);
    if (version === undefined) return undefined;
    kept.delete(id);
    kept.set(id, version);
    return version;
  }

  function keep(id: number, version: DagVersion): void {
    if (kept.has(id)) return;
    kept.set(id, version);
    tasks += version.dag.tasks.length;
    for (const [oldest, { dag }] of kept) {
      if (tasks <= apiLimits.compiledTasksMax || kept.size === 1) return;
      kept.delete(oldest);
      tasks -= dag.tasks.length;
    }
  }

  async function getAll(ids: readonly number[]): Promise<Map<number, DagVersion>> {
    const found = new Map<number, DagVersion>();
    const missing: number[] = [];
    for (const id of new Set(ids)) {
      const version = use(id);
      if (version === undefined) missing.push(id);
      else found.set(id, version);
    }
    if (missing.length === 0) return found;
    for (const [id, bytes] of await readDagSpecs(db, missing)) {
      const spec = fromBinary(DagSpecSchema, bytes);
      const version = { spec, dag: compileDag(dagSpecFromProto(spec)) };
      keep(id, version);
      found.set(id, version);
    }
    return found;
  }

  return {
    getAll,
    async get(id) {
      const version = (await getAll([id])).get(id);
      if (version === undefined) throw new MillraceError("DAG_VERSION_NOT_FOUND");
      return version;
    },
  };
}
