/** Bugs in events of assets: which part of the data they are about, and which aliases they are for. */

import { flush as writeFlush } from "@millrace/db";
import { crashing, having } from "./bugs-limits.ts";
import type { Planted } from "./planted.ts";

/** What rows have that bugs look at. */
type Row = { readonly events: number; readonly parts: number };

export const partitionBugs = {
  alias_lost: {
    says: "nobody writes for which aliases an asset was named when a success is not alone in its flush",
    foundWithin: 60,
    promises: ["semantics 10.2"],
    plan: having("aliases"),
    flush: () => (lane, batch) => {
      const assetEvents = batch.assetEvents.map((event) => ({ ...event, aliases: [] }));
      return writeFlush(lane, batch.finished.length > 1 ? { ...batch, assetEvents } : batch);
    },
  },
  alias_unheard: {
    says: "events of assets that were named for an alias are not counted",
    foundWithin: 60,
    promises: ["L3"],
    plan: having("aliases"),
    rows: (statement, rows, [, , aliases]) =>
      statement === "asset_pending_count"
        ? rows.map((row, at) => ((aliases as readonly string[])[at] === "" ? row : { have: 0 }))
        : rows,
  },
  partition_lost: {
    says: "what a success makes is about no part of the data when it is not alone in its flush",
    foundWithin: 60,
    promises: ["semantics 10.2"],
    plan: having("partitions"),
    flush: () => (lane, batch) => {
      const assetEvents = batch.assetEvents.map((event) => ({ ...event, partitionKey: null }));
      return writeFlush(lane, batch.finished.length > 1 ? { ...batch, assetEvents } : batch);
    },
  },
  partition_counted_twice: {
    says: "what has come for a key is counted one too many",
    foundWithin: 60,
    promises: ["semantics 10.6"],
    plan: having("partitions"),
    rows: (statement, rows) =>
      statement === "asset_partition_count"
        ? (rows as Row[]).map((row) => ({ ...row, events: row.events + 1, parts: row.parts + 1 }))
        : rows,
  },
  partition_mixed_up: {
    says: "an event is sorted by the key of the one before it",
    foundWithin: 60,
    promises: ["semantics 10.6"],
    plan: having("partitions"),
    rows: (statement, rows) =>
      statement === "asset_partition_unsorted"
        ? rows.map((row, at) => ({
            ...row,
            partition_key: (rows[Math.max(0, at - 1)] as { partition_key: string }).partition_key,
          }))
        : rows,
  },
  partition_keys_unseen: {
    says: "whoever takes a shard over does not look at what was sorted before",
    foundWithin: 100,
    promises: ["L3"],
    plan: (plan) => having("partitions")(crashing(plan)),
    rows: (statement, rows) => (statement === "asset_partition_keys" ? [] : rows),
  },
} satisfies Readonly<Record<string, Planted>>;
