/** Bugs in runs that wait for inputs. */

import { crashing, having } from "./bugs-limits.ts";
import type { Planted } from "./planted.ts";

export const inputBugs = {
  inputs_imagined: {
    says: "an instance that is asked about after another is taken to be there with it",
    foundWithin: 60,
    promises: ["inputs"],
    plan: having("inputs"),
    rows: (statement, rows, [uris, keys]) => {
      const [first] = rows as { readonly at: Date }[];
      if (statement !== "asset_instance_list" || first === undefined) return rows;
      const all = uris as readonly string[];
      return all.map((uri, n) => ({
        ...{ uri, partition_key: (keys as readonly string[])[n], at: first.at },
      }));
    },
  },
  inputs_overlooked: {
    says: "an instance is not found when it is asked about beside others",
    foundWithin: 60,
    promises: ["inputs", "L3"],
    plan: having("inputs"),
    rows: (statement, rows) =>
      statement === "asset_instance_list" && rows.length > 1 ? rows.slice(1) : rows,
  },
  inputs_not_due: {
    says: "a newer date always has its inputs",
    foundWithin: 100,
    promises: ["inputs"],
    plan: having("inputs", "schedules"),
    rows: (statement, rows, _, now) =>
      statement === "run_inputs_newest" ? [{ logical_at: new Date(now) }] : rows,
  },
  inputs_forgotten: {
    says: "whoever takes a shard over believes runs that wait to wait for nothing",
    foundWithin: 60,
    promises: ["inputs"],
    plan: (plan) => having("inputs")(crashing(plan)),
    rows: (statement, rows) =>
      statement === "owner_run_list"
        ? rows.map((row) => ({ ...row, inputs: Buffer.alloc(0) }))
        : rows,
  },
} satisfies Readonly<Record<string, Planted>>;
