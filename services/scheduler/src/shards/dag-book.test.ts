import type { Database, OwnedDagRow } from "@millrace/db";
import { expect, test } from "vitest";
import { createDagBook } from "./dag-book.ts";
import { defaultSettings } from "../settings.ts";
import type { Versions } from "./versions.ts";

const row: OwnedDagRow = {
  ...{ dag_id: "etl", shard: 3, version: 1, version_id: 1, is_paused: false, is_active: true },
  ...{ scheduled_through: new Date(0), last_interval_start: null, last_interval_end: null },
  ...{ next_run_at: null, schedule_problem: "", changed_seq: 7, schedule: "@once" },
};

test("a DAG that was read while its shard was lost is read anew when the shard comes back", async () => {
  let now = row;
  const db = { pool: { query: () => Promise.resolve({ rows: [now] }) } } as unknown as Database;
  const versions = { load: () => Promise.resolve(), get: () => undefined } as unknown as Versions;
  const book = createDagBook({ db, versions, settings: defaultSettings });
  // Nobody drops it: it was read after its shard had gone.
  await book.loadShards([3]);
  const moment = new Date(5);
  // Another owner has ticked since.
  now = { ...row, last_interval_start: moment, last_interval_end: moment };
  const [dag] = await book.loadShards([3]);
  expect(dag?.lastInterval).toEqual({ start: 5, end: 5 });
});
