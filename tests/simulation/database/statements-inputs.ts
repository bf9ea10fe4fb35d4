/** Statements about instances of assets that runs wait for. */

import { readParameter } from "./binary.ts";
import { at, type Statements } from "./statement.ts";

const [queued, automated] = [1, 1];

export const inputStatements: Statements = {
  asset_instance_list({ tables: { assets } }, [uris, keys]) {
    return (uris as string[]).flatMap((uri, n) => {
      const key = (keys as string[])[n]!;
      const id = assets.ids.get(uri);
      const events = [...assets.events.values()];
      const first = events.find((event) => event.asset_id === id && event.partition_key === key);
      return first === undefined ? [] : { uri, partition_key: key, at: at(first.at) };
    });
  },
  run_inputs_decide({ tables, now, atEnd }, values) {
    const [runKeys, inputs] = values.map((value) => readParameter(value as Buffer));
    return (runKeys as number[]).flatMap((id, n) => {
      const run = tables.runs.get(id);
      if (run?.state !== queued) return [];
      const decided = run.inputs ?? (inputs as Buffer[])[n]!;
      atEnd(() => {
        const after = tables.runs.get(id)!;
        if (after.inputs !== null) return;
        tables.runs.set(id, { ...after, inputs: decided });
        tables.decidedInputs.set(id, { at: now, queuedAt: after.queued_at });
      });
      return { id, inputs: decided };
    });
  },
  run_inputs_newest({ tables }, [dagId]) {
    const dates = [...tables.runs.values()].flatMap((run) => {
      const isGiven = run.dag_id === dagId && run.run_type === automated && run.inputs !== null;
      return isGiven && run.logical_at !== null ? [run.logical_at] : [];
    });
    return [{ logical_at: dates.length === 0 ? null : at(Math.max(...dates)) }];
  },
};
