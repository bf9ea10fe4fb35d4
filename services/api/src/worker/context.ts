/** What the handlers of workers' calls work with. */

import type { ApiContext } from "../context.ts";
import type { Gateway } from "./gateway.ts";
import type { LogStore } from "./log-store.ts";
import type { Renewals } from "./renewals.ts";
import type { Sessions } from "./sessions.ts";

export type WorkerContext = ApiContext & {
  readonly sessions: Sessions;
  readonly gateway: Gateway;
  readonly renewals: Renewals;
  readonly logs: LogStore;
};
