/** Statements about what the simulated world does not have: pools with a limit, and assets. */

import type { Statements } from "./statement.ts";

export const absentStatements: Statements = {
  pool_version: () => [{ count: 1, seq: 0 }],
  pool_list: () => [{ name: "default_pool", slots: null, include_deferred: false, changed_seq: 0 }],
  pool_grant_list: () => [],
  asset_watcher_list: () => [],
  asset_pending_dags: () => [],
};
