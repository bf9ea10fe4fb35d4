/** What triggerers watch for assets, as others see it. */

import type { Verdict } from "@millrace/engine";
import type { AttemptRef } from "@millrace/wire";
import type { Result } from "@millrace/wire/worker";
import type { SideWork } from "../dispatch/side-work.ts";

export type AssetWatchers = SideWork & {
  /** Looks which there are, of the shards that are held; again whenever DAGs have changed. */
  refresh(): Promise<void>;
  /** Takes what a triggerer says. Null: nothing can be said just now. */
  report(sessionKey: number, ref: AttemptRef, result: Result): Promise<Verdict | null>;
  /** What a session says that it has: answers what must stop; null when it may go on. */
  verdictOn(sessionKey: number, ref: AttemptRef): Verdict | null;
};
