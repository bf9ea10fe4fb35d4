/** Stores log lines: gapless by attempt, many attempts in one statement, up to a limit for each. */

import { create, toBinary } from "@bufbuild/protobuf";
import type { Bus } from "@millrace/bus";
import {
  appendLogChunks,
  readLogState,
  type Database,
  type LogChunk,
  type LogKey,
} from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import { createBatcher } from "@millrace/service";
import { LogsAppendedSchema } from "@millrace/wire/internal";
import type { LogLine } from "@millrace/wire/v1";
import { AppendLogRequestSchema } from "@millrace/wire/worker";
import { fieldInvalid } from "../fields.ts";
import { workerLimits } from "../limits.ts";

export type LogStore = {
  /**
   * Stores the lines that are new, and says up to which line everything is durable.
   *
   * @throws MillraceError ATTEMPT_UNKNOWN, LOG_LIMIT_REACHED, FIELD_INVALID when lines before these are missing.
   */
  append(key: LogKey, lines: readonly LogLine[]): Promise<number>;
};

type State = { lastSeq: number; bytes: number };

export function createLogStore({ db, bus }: { db: Database; bus: Bus }): LogStore {
  /** Attempts written through this node lately. Another node may have written meanwhile: gaps make us look again. */
  const states = new Map<string, State>();
  /** Chunks of an attempt are written one after the other. */
  const turns = new Map<string, Promise<unknown>>();
  const writes = createBatcher<LogChunk, void>({
    batchMax: workerLimits.logChunksPerBatch,
    async run(chunks) {
      await appendLogChunks(db, chunks);
      return chunks.map(() => undefined);
    },
  });

  async function read(name: string, key: LogKey): Promise<State> {
    const found = await readLogState(db, key);
    if (!found.isKnown) throw new MillraceError("ATTEMPT_UNKNOWN");
    if (states.size >= workerLimits.logStatesMax) states.clear();
    const state = { lastSeq: found.lastSeq, bytes: found.bytes };
    states.set(name, state);
    return state;
  }

  async function write(name: string, key: LogKey, lines: readonly LogLine[]): Promise<number> {
    const first = Number(lines[0]?.seq ?? 0n);
    let state = states.get(name) ?? (await read(name, key));
    if (first > state.lastSeq + 1) state = await read(name, key);
    if (first > state.lastSeq + 1) {
      throw fieldInvalid(
        "lines.seq",
        `begins at ${first}; line ${state.lastSeq + 1} is missing, send it first.`,
      );
    }
    const fresh = lines.filter((line) => Number(line.seq) > state.lastSeq);
    const last = fresh.at(-1);
    if (last === undefined) return state.lastSeq;
    const bytes = toBinary(
      AppendLogRequestSchema,
      create(AppendLogRequestSchema, { lines: fresh }),
    );
    if (state.bytes + bytes.length > workerLimits.logBytesPerAttempt)
      throw new MillraceError("LOG_LIMIT_REACHED");
    const lastSeq = Number(last.seq);
    try {
      await writes.add({ ...key, firstSeq: state.lastSeq + 1, lastSeq, lines: bytes });
    } catch (error) {
      // Whether they were stored is not known: look before the next write.
      states.delete(name);
      throw error;
    }
    state.lastSeq = lastSeq;
    state.bytes += bytes.length;
    announce(key);
    return lastSeq;
  }

  function announce({ runKey, ix, mapIx, attempt }: LogKey): void {
    const message = create(LogsAppendedSchema, {
      runKey: BigInt(runKey),
      taskIx: ix,
      mapIndex: mapIx,
      tryNumber: attempt,
    });
    bus.publish(`logs.${runKey}`, toBinary(LogsAppendedSchema, message));
  }

  return {
    append(key, lines) {
      const name = `${key.runKey}.${key.ix}.${key.mapIx}.${key.attempt}`;
      const before = turns.get(name) ?? Promise.resolve();
      const mine = before.catch(() => undefined).then(() => write(name, key, lines));
      turns.set(name, mine);
      void mine
        .catch(() => undefined)
        .finally(() => {
          if (turns.get(name) === mine) turns.delete(name);
        });
      return mine;
    },
  };
}
