/** Says once of each place that is in trouble that it is, and once that it no longer is, however many waits look at it. */

import type { WorkerLog } from "../worker/log.ts";

export class Troubles {
  readonly #log: WorkerLog;
  readonly #known = new Map<string, string>();

  constructor(log: WorkerLog) {
    this.#log = log;
  }

  /** @param trouble null when there is none. */
  note(place: string, trouble: string | null): void {
    const known = this.#known.get(place);
    if (trouble === null) {
      if (this.#known.delete(place)) this.#log.info({ place }, "trigger.well_again");
      return;
    }
    this.#known.set(place, trouble);
    if (known === undefined) this.#log.warn({ place, err: trouble }, "trigger.in_trouble");
  }
}
