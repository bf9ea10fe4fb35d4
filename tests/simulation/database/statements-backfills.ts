/** Statements about backfills: what their DAG's owner writes and reads of them. */

import { refused, uniqueViolation } from "./errors.ts";
import type { BackfillRow } from "./rows.ts";
import { at, atOrNull, type Statements } from "./statement.ts";
import { requestKey } from "./tables.ts";

const over: readonly number[] = [4, 5];
const rerun = 2;
const backfillRun = 3;

export const backfillStatements: Statements = {
  backfill_list_open({ tables }, [shards, ids]) {
    return [...tables.backfills.values()]
      .filter(
        (row) =>
          (shards as number[]).includes(row.shard) &&
          (ids === null ? !over.includes(row.state) : (ids as number[]).includes(row.id)),
      )
      .map((row) => ({
        ...row,
        ...{ from_at: at(row.from_at), to_at: at(row.to_at), as_of: at(row.as_of) },
        ...{ anchor_at: at(row.anchor_at), decided_date: atOrNull(row.decided_date) },
      }));
  },
  backfill_create({ tables, atEnd }, values) {
    const [dagId, shard, versionId, from, to, asOf, anchor, isReverse, ...rest] = values;
    const [reprocess, maxActiveRuns, params, hasParams, note, , dateCount] = rest;
    const isOpen = [...tables.backfills.values()].some(
      (row) => row.dag_id === dagId && !over.includes(row.state),
    );
    if (isOpen) {
      const message = 'duplicate key value violates unique constraint "backfill_open"';
      throw refused(uniqueViolation, message, "backfill_open");
    }
    const row = {
      ...{ id: tables.nextBackfill++, dag_id: dagId, shard, dag_version_id: versionId },
      ...{ from_at: instant(from), to_at: instant(to), as_of: instant(asOf) },
      ...{ anchor_at: instant(anchor), is_reverse: isReverse, reprocess, note },
      ...{ max_active_runs: maxActiveRuns, params: Buffer.from(params as Uint8Array) },
      ...{ has_params: hasParams, date_count: dateCount, decided: 0, decided_date: null },
      ...{ in_flight: 0, existing: 0, state: 1 },
    } as BackfillRow;
    atEnd(() => void tables.backfills.set(row.id, row));
    return [{ id: row.id }];
  },
  request_keep({ tables, atEnd, now }, [method, principal, requestId, bodyHash, answer]) {
    const row = {
      ...{ method: method as string, principal: principal as string },
      ...{ request_id: requestId as string, at: now },
      body_hash: Buffer.from(bodyHash as Uint8Array),
      answer: Buffer.from(answer as Uint8Array),
    };
    if (tables.requests.get(requestKey(row)) !== undefined) return [];
    atEnd(() => tables.requests.put(row));
    return [{ request_id: requestId }];
  },
  backfill_set_state({ tables, atEnd }, [id, from, to]) {
    const row = tables.backfills.get(id as number);
    if (row === undefined || !(from as number[]).includes(row.state)) return [];
    const state = to as number;
    atEnd(() => {
      const dateCount = state === 4 ? row.decided : row.date_count;
      tables.backfills.set(row.id, { ...row, state, date_count: dateCount });
    });
    return [{ id }];
  },
  backfill_dates_taken({ tables }, [dagId, dates, id, ordinals]) {
    const runs = [...tables.runs.values()].filter((run) => run.dag_id === dagId);
    return (ordinals as number[]).flatMap((ordinal, index) => {
      const date = Date.parse((dates as string[])[index]!);
      const run = runs.find((one) => one.logical_at === date);
      const noted = tables.backfillDates.get(`${id as number} ${ordinal}`);
      if (run === undefined && noted === undefined) return [];
      return [
        {
          ...{ ordinal, run_id: run?.id ?? null, state: run?.state ?? null },
          ...{ reopen_count: run?.reopen_count ?? null, noted: noted?.outcome ?? null },
          noted_reopen_count: noted?.reopen_count ?? null,
        },
      ];
    });
  },
  backfill_adopt({ tables, atEnd }, [id, runKeys, ordinals, params]) {
    const backfillId = id as number;
    const final = (runKeys as number[]).flatMap((runKey, index) => {
      const run = tables.runs.get(runKey);
      const ordinal = (ordinals as number[])[index]!;
      return run === undefined || run.state < 3 ? [] : [{ runKey, run, ordinal }];
    });
    if (final.some(({ run }) => run.logical_at === null))
      throw refused("23502", "null value in column logical_at");
    if (final.length > 0 && !tables.backfills.has(backfillId))
      throw refused("23503", 'update on table "run" violates a foreign key constraint');
    return final.flatMap(({ runKey, run, ordinal }) => {
      const isNoted = tables.backfillDates.has(`${backfillId} ${ordinal}`);
      atEnd(() => {
        tables.runs.set(runKey, {
          ...tables.runs.get(runKey)!,
          ...{ run_type: backfillRun, backfill_id: backfillId, backfill_ordinal: ordinal },
          params: params === null ? run.params : Buffer.from(params as Uint8Array),
        });
        if (isNoted) return;
        tables.backfillDates.set(`${backfillId} ${ordinal}`, {
          ...{ backfill_id: backfillId, ordinal, logical_at: run.logical_at!, outcome: rerun },
          ...{ run_id: runKey, reopen_count: run.reopen_count },
        });
      });
      return isNoted ? [] : [{ ordinal }];
    });
  },
  backfill_advance({ tables, atEnd }, [id, ordinals, dates, outcomes, runKeys, decided, last]) {
    atEnd(() => {
      const row = tables.backfills.get(id as number);
      if (row === undefined || row.decided >= (decided as number)) return;
      const count = (of: number) => (outcomes as number[]).filter((each) => each === of).length;
      tables.backfills.set(row.id, {
        ...row,
        ...{ decided: decided as number, decided_date: instant(last) },
        ...{ in_flight: row.in_flight + count(3), existing: row.existing + count(4) },
      });
      for (const [index, ordinal] of (ordinals as number[]).entries())
        tables.backfillDates.set(`${row.id} ${ordinal}`, {
          ...{ backfill_id: row.id, ordinal, logical_at: instant((dates as string[])[index]) },
          ...{ outcome: (outcomes as number[])[index]!, run_id: (runKeys as number[])[index]! },
          reopen_count: 0,
        });
    });
    return [];
  },
};

function instant(value: unknown): number {
  return Date.parse(String(value));
}
