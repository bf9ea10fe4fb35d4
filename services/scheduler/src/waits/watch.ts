/** Who watches what deferred tasks wait for, as others see it. */

import type { InstanceRef, Verdict } from "@millrace/engine";
import type { AttemptRef } from "@millrace/wire";
import type { LineKey } from "../dispatch/ready-queue.ts";
import type { ActiveRun } from "../runs/run.ts";
import type { SideWork, Work } from "../dispatch/side-work.ts";

export type Watch = InstanceRef &
  Work & {
    /** Changes when the run has been read again. */
    run: ActiveRun;
    readonly attempt: number;
    readonly line: LineKey;
  };

export type Watches = SideWork & {
  /** Wants what an instance waits for watched, if that is for a triggerer. Who watches it already goes on. */
  begin(run: ActiveRun, ref: InstanceRef): void;
  /** A run is in memory again: what it does not wait for any more is over, and all else is watched. */
  attach(run: ActiveRun): void;
  /** The wait is over: who watches is told to stop. */
  end(run: ActiveRun, ref: InstanceRef): void;
  find(run: ActiveRun, ref: InstanceRef, attempt: number): Watch | null;
  /** Nobody watches it any more, and nobody is told so. */
  unbind(watch: Watch): void;
  /** Somebody else is to watch it, soon. */
  again(watch: Watch, delayMs?: number): void;
  /** The worker that watches what an instance waits for; null when none does. */
  triggererOf(run: ActiveRun, ref: InstanceRef): string | null;
  /**
   * Null when the session may go on to watch. After a take-over this is how the owner hears who watches: whoever says so
   * first goes on, unless somebody else has been asked to.
   */
  verdictOn(sessionKey: number, run: ActiveRun | undefined, ref: AttemptRef): Verdict | null;
  /** How many a session has. */
  countOf(sessionKey: number): number;
  /** The run will not come back into memory here. */
  forget(runKey: number): void;
};
