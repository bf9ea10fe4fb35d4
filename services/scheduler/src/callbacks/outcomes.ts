/** Writes what came of tries, many in one statement, one statement at a time. */

import { writeDeliveryOutcomes, type Database, type DeliveryOutcome } from "@millrace/db";
import type { Logger } from "@millrace/service";
import type { SchedulerSettings } from "../settings.ts";

export type OutcomeWriter = {
  /**
   * Whether the outcome applies: false when the delivery is over, gone, or another owner's.
   *
   * @throws what the database throws: it may have been written or not. Writing it again does no harm.
   */
  write(outcome: DeliveryOutcome): Promise<boolean>;
};

type Waiting = PromiseWithResolvers<boolean> & { readonly outcome: DeliveryOutcome };

export function createOutcomeWriter(parts: {
  readonly db: Database;
  readonly log: Logger;
  readonly settings: SchedulerSettings;
}): OutcomeWriter {
  const { db, log, settings } = parts;
  let waiting: Waiting[] = [];
  let isWriting = false;

  async function drain(): Promise<void> {
    if (isWriting) return;
    isWriting = true;
    while (waiting.length > 0) {
      const part = waiting.splice(0, settings.callbackOutcomesPerWriteMax);
      try {
        const applied = await writeDeliveryOutcomes(
          db,
          part.map(({ outcome }) => outcome),
        );
        for (const [index, { resolve }] of part.entries()) resolve(applied[index] ?? false);
      } catch (error) {
        log.warn({ outcomes: part.length, err: error }, "callbacks.outcomes_unwritten");
        for (const { reject } of part) reject(error);
      }
    }
    isWriting = false;
  }

  return {
    write(outcome) {
      const settled = Promise.withResolvers<boolean>();
      waiting.push({ ...settled, outcome });
      // What else arrived in this turn of the event loop goes along.
      setImmediate(() => void drain());
      return settled.promise;
    },
  };
}
