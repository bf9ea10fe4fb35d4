/** Time that passes only when nobody works: waits of hours take no time, and end in the same order each time. */

import type { EpochMs } from "@millrace/engine";
import type { TieBreak } from "./tie-break.ts";

type Entry = { readonly act: () => void };

export class VirtualClock {
  readonly #tieBreak: TieBreak;
  readonly #moments = new Map<EpochMs, Set<Entry>>();
  #now: EpochMs;

  constructor(start: EpochMs, tieBreak: TieBreak) {
    this.#now = start;
    this.#tieBreak = tieBreak;
  }

  get now(): EpochMs {
    return this.#now;
  }

  /** Has something happen at a time; what it returns prevents it. */
  at(time: EpochMs, act: () => void): () => void {
    const entry = { act };
    const moment = this.#moments.get(time);
    if (moment === undefined) this.#moments.set(time, new Set([entry]));
    else moment.add(entry);
    return () => this.#remove(time, entry);
  }

  /** When the next thing happens; null when nothing will. */
  nextAt(): EpochMs | null {
    let first: EpochMs | null = null;
    for (const time of this.#moments.keys()) if (first === null || time < first) first = time;
    return first;
  }

  /** Moves on to what happens next, and has it happen; of several at one moment only one. */
  step(): void {
    const time = this.nextAt();
    const moment = time === null ? undefined : this.#moments.get(time);
    if (time === null || moment === undefined) return;
    const entry = this.#tieBreak.pick(moment);
    this.#remove(time, entry);
    this.moveTo(time);
    entry.act();
  }

  /** Never goes back. */
  moveTo(time: EpochMs): void {
    this.#now = Math.max(this.#now, time);
  }

  #remove(time: EpochMs, entry: Entry): void {
    const moment = this.#moments.get(time);
    moment?.delete(entry);
    if (moment?.size === 0) this.#moments.delete(time);
  }
}
