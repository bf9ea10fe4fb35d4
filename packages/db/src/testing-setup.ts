/** The test runner's global set-up: one Postgres for all test files of a run, unless one is given. */

import {
  ensureTemplate,
  startSystemPostgres,
  startTestServer,
  type TestServer,
} from "./testing.ts";
import {
  announceTestServer,
  configuredTestServer,
  isSystemServerWanted,
} from "./testing-config.ts";

let started: TestServer | null = null;

export async function setup(): Promise<void> {
  const given = configuredTestServer();
  if (given !== null) {
    await ensureTemplate(given);
    return;
  }
  started = await (isSystemServerWanted() ? startSystemPostgres() : startTestServer());
  await ensureTemplate(started.url);
  announceTestServer(started.url);
}

export async function teardown(): Promise<void> {
  if (started === null) return;
  announceTestServer(null);
  await started.stop();
}
