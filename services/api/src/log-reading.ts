/** Lines of an attempt's log, out of the chunks they are stored in. */

import { fromBinary } from "@bufbuild/protobuf";
import { readLogChunks, type LogKey } from "@millrace/db";
import type { LogLine } from "@millrace/wire/v1";
import { AppendLogRequestSchema } from "@millrace/wire/worker";
import type { ApiContext } from "./context.ts";
import { apiLimits } from "./limits.ts";

/** At most `limit` lines after `afterSeq`, in order, and whether there are more now. */
export async function readLogLines(
  { db }: Pick<ApiContext, "db">,
  key: LogKey,
  { afterSeq, limit }: { readonly afterSeq: number; readonly limit: number },
): Promise<{ readonly lines: LogLine[]; readonly hasMore: boolean }> {
  const lines: LogLine[] = [];
  let after = afterSeq;
  for (;;) {
    const chunks = await readLogChunks(db, key, {
      afterSeq: after,
      limit: apiLimits.logChunksPerRead,
    });
    for (const chunk of chunks) {
      for (const line of fromBinary(AppendLogRequestSchema, chunk.lines).lines) {
        // Chunks of one line sent twice in other company may overlap.
        if (Number(line.seq) <= after) continue;
        if (lines.length === limit) return { lines, hasMore: true };
        lines.push(line);
        after = Number(line.seq);
      }
    }
    if (chunks.length < apiLimits.logChunksPerRead) return { lines, hasMore: false };
  }
}
