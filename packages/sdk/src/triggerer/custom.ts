/** Triggers that are functions of the process that started the triggerer. */

import { setTimeout as rest } from "node:timers/promises";
import type { Outcome } from "../worker/messages.ts";
import { firedOf } from "./fired.ts";
import { configOf, cursorOf, digestOf, fulfilled, told, watchFailed } from "./fulfilled.ts";
import { sameEventRestMs } from "./limits.ts";
import type { Watch } from "./messages.ts";

/**
 * Watches for something, on behalf of a task that waits or of an asset, and returns what it brings: a value, or, where it
 * can go on from there, `fired(events, cursor)`. It may run more than once for a wait, even at the same time in two
 * triggerers: it must only look.
 *
 * @param config as it was given to `trigger.custom`.
 * @param options `signal` aborts when nobody waits any more; what it returns or throws then is dropped.
 */
export type CustomTrigger = (
  config: never,
  options: {
    readonly signal: AbortSignal;
    /**
     * Of a watcher of an asset: where to go on from, as `fired` said last; null the first time. Undefined for the wait of
     * a task.
     */
    readonly cursor?: unknown;
  },
) => Promise<unknown>;

export class CustomTriggers {
  readonly #triggers: Readonly<Record<string, CustomTrigger>>;
  readonly #onEnd: (attemptId: string, outcome: Outcome) => void;
  readonly #watching = new Map<string, AbortController>();

  constructor(
    triggers: Readonly<Record<string, CustomTrigger>>,
    onEnd: (attemptId: string, outcome: Outcome) => void,
  ) {
    this.#triggers = triggers;
    this.#onEnd = onEnd;
  }

  watch(watch: Watch): void {
    const controller = new AbortController();
    this.#watching.set(watch.attemptId, controller);
    void this.#outcomeOf(watch, controller.signal).then((outcome) => {
      if (this.#watching.get(watch.attemptId) !== controller) return;
      this.#watching.delete(watch.attemptId);
      this.#onEnd(watch.attemptId, outcome);
    });
  }

  unwatch(attemptId: string): void {
    const controller = this.#watching.get(attemptId);
    this.#watching.delete(attemptId);
    controller?.abort(new Error("Nobody waits for this any more."));
  }

  async #outcomeOf(watch: Watch, signal: AbortSignal): Promise<Outcome> {
    try {
      const trigger = this.#triggers[watch.handler];
      if (trigger === undefined) throw new Error(`There is no trigger "${watch.handler}".`);
      const config = configOf(watch) as never;
      if (watch.assetWatch !== null)
        return await happened(trigger, config, cursorOf(watch), signal);
      const returned = await trigger(config, { signal });
      const fire = firedOf(returned);
      return fulfilled(watch, fire === null ? returned : fire.events[0]);
    } catch (thrown) {
      return watchFailed(thrown);
    }
  }
}

/** For an asset: what is said to go on from, else everything that differs from what came before it. */
async function happened(
  trigger: CustomTrigger,
  config: never,
  cursor: unknown,
  signal: AbortSignal,
): Promise<Outcome> {
  for (;;) {
    const returned = await trigger(config, { signal, cursor });
    const fire = firedOf(returned);
    if (fire !== null) return told(fire.events, fire.cursor);
    const digest = digestOf(returned);
    if (digest !== cursor) return told([returned], digest);
    await rest(sameEventRestMs, undefined, { signal });
  }
}
