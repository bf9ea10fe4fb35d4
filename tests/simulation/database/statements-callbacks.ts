/** Statements about callbacks: what owners read of deliveries, and what they write of their tries. */

import type { CallbackRow } from "./rows.ts";
import { at, atOrNull, type Statements } from "./statement.ts";
import type { Tables } from "./tables.ts";

export const callbackStatements: Statements = {
  owner_callback_list({ tables }, [shards, runIds, ...rest]) {
    const position = rest.slice(0, 6) as number[];
    return pending(tables)
      .filter(
        (row) =>
          (shards as number[]).includes(tables.runs.get(row.run_id)!.shard) &&
          (runIds === null || (runIds as number[]).includes(row.run_id)) &&
          isAfter(placeOf(row), position),
      )
      .slice(0, rest[6] as number)
      .map((row) => {
        const { shard, dag_id: dagId, dag_version_id: versionId } = tables.runs.get(row.run_id)!;
        return {
          ...row,
          happened_at: at(row.happened_at),
          next_try_at: atOrNull(row.next_try_at),
          ...{ shard, dag_id: dagId, dag_version_id: versionId },
        };
      });
  },
  owner_callback_get({ tables }, columns) {
    return asked(columns).flatMap((place) => {
      const row = find(tables, place);
      const run = row === undefined ? undefined : tables.runs.get(row.run_id);
      if (row?.state !== 1 || run === undefined) return [];
      return [
        {
          ...row,
          run_state: run.state,
          run_type: run.run_type,
          run_name: run.run_name,
          logical_at: atOrNull(run.logical_at),
          partition_key: run.partition_key,
          interval_start_at: atOrNull(run.interval_start_at),
          interval_end_at: atOrNull(run.interval_end_at),
          run_after: at(run.run_after),
          params: run.params,
          map_length: tables.dataOf(row.run_id).expansions.get(row.ix)?.length ?? null,
          ...deadlineOf(tables, row),
        },
      ];
    });
  },
  callback_delivery_write({ tables, now }, columns) {
    const rest = columns.slice(6) as unknown[][];
    return asked(columns).flatMap((place, index) => {
      const [happenedAt, shard, epoch, state, tries, nextTryAt, failure] = rest.map(
        (column) => column[index],
      );
      const row = find(tables, place);
      const isOwned = tables.shards[shard as number]?.epoch === epoch;
      if (row?.state !== 1 || !isOwned || row.happened_at !== instant(happenedAt)) return [];
      tables.dataOf(row.run_id).callbacks.set(keyOf(place), {
        ...row,
        state: state as number,
        tries: tries as number,
        next_try_at: nextTryAt === null ? null : instant(nextTryAt),
        ended_at: state === 1 ? null : now,
        failure: failure === null ? null : Buffer.from(failure as Uint8Array),
      });
      return [{ ord: index + 1 }];
    });
  },
};

/** Of what is about a deadline: how that is. */
function deadlineOf({ deadlines }: Tables, { run_id: runId, ix, attempt, event }: CallbackRow) {
  const row = event < 5 ? undefined : deadlines.get(`${runId} ${ix} ${attempt - 1}`);
  return {
    due_at: atOrNull(row?.due_at ?? null),
    missed_at: atOrNull(row?.missed_at ?? null),
    ...{ at_risk_at: null, estimated_end_at: null, critical_task_ids: null },
  };
}

type Place = readonly number[];

function asked(columns: readonly unknown[]): Place[] {
  const [runIds, ...others] = columns.slice(0, 6) as number[][];
  return (runIds ?? []).map((runId, index) => [runId, ...others.map((column) => column[index]!)]);
}

function keyOf([, ...place]: Place): string {
  return place.join(" ");
}

function find(tables: Tables, place: Place): CallbackRow | undefined {
  return tables.dataOf(place[0]!).callbacks.get(keyOf(place));
}

function pending(tables: Tables): CallbackRow[] {
  return [...tables.data.values()]
    .flatMap(({ callbacks }) => [...callbacks.values()])
    .filter((row) => row.state === 1 && tables.runs.has(row.run_id))
    .toSorted((a, b) => (isAfter(placeOf(a), placeOf(b)) ? 1 : -1));
}

function placeOf(row: CallbackRow): Place {
  return [row.run_id, row.ix, row.map_ix, row.attempt, row.event, row.ordinal];
}

function isAfter(place: Place, other: Place): boolean {
  for (const [index, value] of place.entries()) {
    if (value !== other[index]) return value > (other[index] ?? 0);
  }
  return false;
}

/** As the stores send it. */
function instant(value: unknown): number {
  return value instanceof Date ? value.getTime() : Date.parse(String(value));
}
