/**
 * What watchers of assets are to see: each thing that happens becomes one event, in its order, from where the watcher began; who is
 * wanted is watched by one triggerer, and nobody else is.
 */

import type { Tables } from "../database/tables.ts";
import type { VirtualProcess } from "../machine.ts";
import { ensure } from "./violation.ts";

const watcherSource = 3;

/** Where things happen, and who looks. */
export class Streams {
  readonly #counts = new Map<string, number>();
  /** Where functions have said that they begin. */
  readonly #begins = new Map<string, Set<number>>();
  readonly #holders = new Set<{ readonly stream: string; readonly process: VirtualProcess }>();

  happen(stream: string, times: number): void {
    this.#counts.set(stream, this.count(stream) + times);
  }

  count(stream: string): number {
    return this.#counts.get(stream) ?? 0;
  }

  begin(stream: string): number {
    const count = this.count(stream);
    const begins = this.#begins.get(stream) ?? new Set();
    this.#begins.set(stream, begins.add(count));
    return count;
  }

  hold(stream: string, process: VirtualProcess): () => void {
    const holder = { stream, process };
    this.#holders.add(holder);
    return () => void this.#holders.delete(holder);
  }

  /** What is still to come, in words. */
  expected({ assets }: Tables): string[] {
    return [...assets.watchers.values()].flatMap(({ id, config, cursor }) => {
      const stream = streamOf(config);
      const isWanted = assets.watcherUses.some((use) => use.watcher_id === id);
      const looking = [...this.#holders].filter(
        (holder) => holder.stream === stream && holder.process.isAlive,
      ).length;
      const lacks = this.count(stream) - cursorOf(cursor);
      if (!isWanted) return looking === 0 ? [] : [`the end of the watch of ${stream}`];
      const left = lacks === 0 ? [] : [`${lacks} events of ${stream}`];
      return looking === 1 ? left : [...left, `one watch of ${stream}, which has ${looking}`];
    });
  }

  /** In the end. */
  check({ assets }: Tables): void {
    const told = new Map<string, number[]>();
    for (const { source, extra } of assets.events.values()) {
      if (source !== watcherSource) continue;
      const { stream, n } = JSON.parse(String(extra)) as { stream: string; n: number };
      told.set(stream, [...(told.get(stream) ?? []), n]);
    }
    for (const [stream, numbers] of told) {
      const begin = numbers[0]! - 1;
      const isWhole = numbers.every((n, at) => n === begin + at + 1);
      ensure(
        isWhole && this.#begins.get(stream)?.has(begin) === true,
        "watchers",
        () => `${stream} has become the events ${numbers.join()}`,
      );
    }
    for (const { config, cursor } of assets.watchers.values()) {
      const last = told.get(streamOf(config))?.at(-1);
      ensure(
        last === undefined || last === cursorOf(cursor),
        "watchers",
        () => `${streamOf(config)} goes on from ${cursorOf(cursor)}, and its last event is ${last}`,
      );
    }
  }
}

function streamOf(config: Buffer): string {
  return (JSON.parse(config.toString()) as { readonly stream: string }).stream;
}

function cursorOf(cursor: Buffer | null): number {
  return cursor === null ? -1 : (JSON.parse(cursor.toString()) as number);
}
