/** Compiled DAG versions, by `dag_version.id`: read and compiled once, shared by all runs. */

import { fromBinary } from "@bufbuild/protobuf";
import { readDagVersions, type Database, type DagVersionRow } from "@millrace/db";
import { compileDag } from "@millrace/engine";
import type { Logger } from "@millrace/service";
import { dagSpecFromProto } from "@millrace/wire";
import { DagSpecSchema } from "@millrace/wire/v1";
import type { Version } from "../runs/run.ts";

export type Versions = {
  get(id: number): Version | undefined;
  /** Reads those that are not here. Those that cannot be compiled are left out, and the log says why. */
  load(ids: Iterable<number>): Promise<void>;
};

export function createVersions(options: {
  readonly db: Database;
  readonly log: Logger;
  readonly max: number;
}): Versions {
  const versions = new Map<number, Version>();

  function take(row: DagVersionRow): void {
    try {
      const spec = dagSpecFromProto(fromBinary(DagSpecSchema, row.spec));
      const version: Version = {
        id: row.id,
        number: row.version,
        compiled: compileDag(spec),
        bundleDigest: row.bundle_digest ?? "",
        shared: [],
      };
      versions.set(row.id, version);
    } catch (error) {
      // Another version of Millrace may have stored it: one DAG's spec must not stop the others.
      options.log.error(
        { dag_id: row.dag_id, version: row.version, err: error },
        "dag.spec_unreadable",
      );
    }
  }

  return {
    get(id) {
      const version = versions.get(id);
      if (version === undefined) return undefined;
      // The least recently used go first.
      versions.delete(id);
      versions.set(id, version);
      return version;
    },
    async load(ids) {
      const missing = [...new Set(ids)].filter((id) => !versions.has(id));
      for (let at = 0; at < missing.length; at += loadMax) {
        for (const row of await readDagVersions(options.db, missing.slice(at, at + loadMax)))
          take(row);
      }
      for (const id of versions.keys()) {
        if (versions.size <= options.max + missing.length) break;
        versions.delete(id);
      }
    },
  };
}

/** Specs read in one statement. */
const loadMax = 100;
