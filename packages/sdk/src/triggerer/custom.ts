/** Triggers that are functions of the process that started the triggerer. */

import type { Outcome } from "../worker/messages.ts";
import { configOf, fulfilled, watchFailed } from "./fulfilled.ts";
import type { Watch } from "./messages.ts";

/**
 * Watches for something, on behalf of a task that waits, and returns what it brings. It may run more than once for a
 * wait, even at the same time in two triggerers: it must only look.
 *
 * @param config as it was given to `trigger.custom`.
 * @param options `signal` aborts when nobody waits any more; what it returns or throws then is dropped.
 */
export type CustomTrigger = (
  config: never,
  options: { readonly signal: AbortSignal },
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
      const event = await trigger(configOf(watch) as never, { signal });
      return fulfilled(watch, event);
    } catch (thrown) {
      return watchFailed(thrown);
    }
  }
}
