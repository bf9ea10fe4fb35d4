/** Statements about the logs of attempts. */

import type { Statements } from "./statement.ts";
import type { LogChunkRow } from "./rows.ts";
import { instanceKey } from "./tables.ts";

export const logStatements: Statements = {
  task_log_append_batch({ tables }, columns) {
    const [runIds, ixs, mapIxs, attempts, firstSeqs, lastSeqs, lines] = columns as number[][];
    for (const [at, runId] of runIds!.entries()) {
      const key = [runId, ixs![at], mapIxs![at], attempts![at]].join(" ");
      const chunks = tables.logs.get(key) ?? new Map<number, LogChunkRow>();
      tables.logs.set(key, chunks);
      const bytes = (lines as unknown as Uint8Array[])[at]!.length;
      if (!chunks.has(firstSeqs![at]!))
        chunks.set(firstSeqs![at]!, { last: lastSeqs![at]!, bytes });
    }
    return [];
  },
  task_log_state({ tables }, values) {
    const [runId, ix, mapIx, attempt] = values as number[];
    const row = tables.dataOf(runId!).instances.get(instanceKey(ix!, mapIx!));
    const chunks = [...(tables.logs.get(values.join(" "))?.values() ?? [])];
    return [
      {
        is_known: row !== undefined && row.attempt >= attempt!,
        last_seq: Math.max(0, ...chunks.map(({ last }) => last)),
        bytes: chunks.reduce((sum, chunk) => sum + chunk.bytes, 0),
      },
    ];
  },
};
