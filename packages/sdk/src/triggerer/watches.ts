/** What a triggerer holds: from assignment to what came of the wait. */

import type { Assignment } from "@millrace/wire/worker";
import { unreportedMax } from "../worker/limits.ts";
import type { WorkerLog } from "../worker/log.ts";
import type { Outcome } from "../worker/messages.ts";
import { failureOf, plainFailure } from "../worker/outcome.ts";
import type { Watch } from "./messages.ts";

/** Begins to watch, and says how to stop. May throw for a config that it cannot read. */
export type Watcher = (watch: Watch, onEnd: (outcome: Outcome) => void) => () => void;

/** Where results wait for their verdicts; see `Outbox`. */
export type Reports = {
  readonly size: number;
  has(attemptId: string): boolean;
  add(attemptId: string, outcome: Outcome): void;
  drop(attemptId: string): void;
};

export type WatchesOptions = {
  readonly slots: number;
  /** By handler, without "trigger/". */
  readonly watchers: ReadonlyMap<string, Watcher>;
  readonly reports: Reports;
  readonly log: WorkerLog;
  /** Called when there is something to say, or room. */
  onChange(): void;
};

export const handlerPrefix = "trigger/";

export class Watches {
  readonly #options: WatchesOptions;
  /** How to stop each. */
  readonly #held = new Map<string, () => void>();
  #isDraining = false;

  constructor(options: WatchesOptions) {
    this.#options = options;
  }

  /** Waits it would take besides those it holds. */
  get room(): number {
    const { slots, reports } = this.#options;
    if (this.#isDraining || reports.size > unreportedMax) return 0;
    return Math.max(0, slots - this.#held.size);
  }

  get size(): number {
    return this.#held.size;
  }

  attemptIds(): IterableIterator<string> {
    return this.#held.keys();
  }

  /** The same wait may come again, from a server that does not know that it arrived: it is watched once. */
  receive(assignments: readonly Assignment[]): void {
    for (const assignment of assignments) {
      const { attemptId } = assignment;
      if (this.#held.has(attemptId) || this.#options.reports.has(attemptId)) continue;
      if (this.#isDraining) this.#report(attemptId, stopping);
      else this.#begin(watchOf(assignment));
    }
    this.#options.onChange();
  }

  /** These waits have ended otherwise. Giving them back is right whatever the server knows by now. */
  cancel(attemptIds: readonly string[]): void {
    for (const attemptId of attemptIds) this.#giveBack(attemptId, ended);
    this.#options.onChange();
  }

  /** The wait is no longer this triggerer's. */
  drop(attemptId: string): void {
    this.#take(attemptId)?.();
    this.#options.reports.drop(attemptId);
  }

  /** Takes no more, and gives back everything. */
  drain(): void {
    this.#isDraining = true;
    for (const attemptId of [...this.#held.keys()]) this.#giveBack(attemptId, stopping);
    this.#options.onChange();
  }

  #begin(watch: Watch): void {
    const { attemptId, handler } = watch;
    // Its place is taken first: it may end before its watcher returns.
    let stop = (): void => undefined;
    const onEnd = (outcome: Outcome): void => {
      if (this.#take(attemptId) === undefined) return;
      this.#report(attemptId, outcome);
      this.#options.onChange();
    };
    this.#held.set(attemptId, () => stop());
    const watcher = this.#options.watchers.get(handler);
    if (watcher === undefined) {
      onEnd(this.#unknown(handler));
      return;
    }
    try {
      stop = watcher(watch, onEnd);
    } catch (error) {
      // The same config would be refused again.
      onEnd({ kind: "failed", failure: failureOf(error, "setup", false) });
    }
  }

  #unknown(handler: string): Outcome {
    const known = [...this.#options.watchers.keys()].join(", ");
    const message = `The triggerer has no trigger "${handler}". It has: ${known}.`;
    return { kind: "failed", failure: plainFailure("setup", message) };
  }

  #giveBack(attemptId: string, outcome: Outcome): void {
    const stop = this.#take(attemptId);
    if (stop === undefined) return;
    stop();
    this.#report(attemptId, outcome);
  }

  #take(attemptId: string): (() => void) | undefined {
    const stop = this.#held.get(attemptId);
    this.#held.delete(attemptId);
    return stop;
  }

  #report(attemptId: string, outcome: Outcome): void {
    if (outcome.kind === "failed") {
      const { type, message } = outcome.failure;
      this.#options.log.warn({ attempt_id: attemptId, type, err: message }, "watch.failed");
    }
    this.#options.reports.add(attemptId, outcome);
  }
}

const stopping: Outcome = { kind: "returned", message: "The triggerer is stopping." };
const ended: Outcome = { kind: "returned", message: "It was told to stop." };

function watchOf({ attemptId, taskId, handler, args, ...rest }: Assignment): Watch {
  const name = handler.startsWith(handlerPrefix) ? handler.slice(handlerPrefix.length) : handler;
  const { measuredPaths, assetWatch } = rest;
  const cursor = assetWatch?.cursor?.data ?? null;
  return {
    ...{ attemptId, taskId, handler: name, args, measuredPaths },
    assetWatch: assetWatch === undefined ? null : { cursor },
  };
}
