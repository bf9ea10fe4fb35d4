import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

import { migrationsDir } from "./assets.ts";
import { withClient } from "./connect.ts";
import { migrate } from "./migrate.ts";
import { emptyDatabase } from "./testing.ts";

/** The history of two runs as version 0001_spine kept it. */
const history = `
INSERT INTO dag (dag_id, shard, version, folder, file, description, tags, owner, schedule, timezone, is_paused, is_active,
  changed_seq) VALUES ('etl', 3, 1, '', '', '', '{}', '', '', 'UTC', false, true, 1);
INSERT INTO dag_version (dag_id, version, digest, spec, file, source, task_count) VALUES ('etl', 1, 'd', '', '', '', 5);
INSERT INTO run (id, dag_id, dag_version_id, shard, state, run_type, run_name, run_after, params, triggered_by, started_at,
  ended_at, failure)
VALUES (1, 'etl', 1, 3, 1, 2, 'a', now(), '', 'x', NULL, NULL, NULL), (2, 'etl', 1, 3, 2, 2, 'b', now(), '', 'x', now(), NULL, NULL),
  (3, 'etl', 1, 3, 4, 2, 'c', now(), '', 'x', now(), now(), 'f');
INSERT INTO task_instance (run_id, ix, map_ix, state, attempt, lost, session_key, started_at, ended_at, retry_at, out, failure)
VALUES (2, 0, -1, 6, 2, 1, 7, now(), now(), NULL, 'v', NULL), (2, 1, -1, 4, 1, 0, 7, now(), NULL, NULL, NULL, NULL),
  (2, 2, -1, 11, 1, 0, 7, now(), now(), '2026-01-01T00:00Z', NULL, 'f'), (2, 3, -1, 2, 3, 2, 7, now(), now(), NULL, NULL, 'f'),
  (2, 4, -1, 9, 0, 0, NULL, NULL, now(), NULL, NULL, NULL), (3, 0, -1, 7, 1, 0, 7, now(), now(), NULL, NULL, 'f'),
  (3, 1, -1, 8, 0, 0, NULL, NULL, now(), NULL, NULL, NULL);
INSERT INTO task_instance_attempt (run_id, ix, map_ix, attempt, state, session_key, started_at, ended_at)
VALUES (2, 0, -1, 1, 2, 7, now(), now()), (2, 3, -1, 1, 11, 7, now(), now());
INSERT INTO task_log (run_id, ix, map_ix, attempt, first_seq, last_seq, lines) VALUES (2, 0, -1, 2, 1, 1, 'l');`;

test("what runs of the first version were doing is taken over as it was", async () => {
  await using database = await emptyDatabase();
  const first = mkdtempSync(join(tmpdir(), "millrace-first-"));
  try {
    cpSync(join(migrationsDir(), "0001_spine"), join(first, "0001_spine"), { recursive: true });
    await migrate(database.url, { migrationsDir: first });
    await withClient(database.url, (client) => client.query(history));

    await migrate(database.url);

    const { rows } = await withClient(database.url, (client) =>
      client.query<Record<string, unknown>>(
        `SELECT ix, state, attempt, uncounted, losses, wait_until, out FROM task_instance WHERE run_id = 2 ORDER BY ix`,
      ),
    );
    const none = { losses: 0, wait_until: null, out: null };
    expect(rows).toEqual([
      { ...none, ix: 0, state: 6, attempt: 2, uncounted: 1, out: Buffer.from("v") },
      { ...none, ix: 1, state: 4, attempt: 1, uncounted: 0 },
      { ...none, ix: 2, state: 11, attempt: 1, uncounted: 0, wait_until: new Date("2026-01-01") },
      { ...none, ix: 3, state: 2, attempt: 3, uncounted: 2 },
      { ...none, ix: 4, state: 9, attempt: 0, uncounted: 0 },
    ]);
  } finally {
    rmSync(first, { recursive: true });
  }
});
