/** Adds up what seeds came to. */

import type { Simulated } from "./simulate.ts";

export class Summary {
  readonly #startedAt = performance.now();
  readonly #injected = new Map<string, number>();
  readonly #verdicts = new Map<string, number>();
  readonly #reached = new Map<string, number>();
  readonly #decided = new Map<string, number>();
  seeds = 0;
  failed = 0;
  #virtualMs = 0;
  #events = 0;
  #flushes = 0;
  #bodies = 0;
  #runs = 0;
  #compared = 0;

  add(result: Simulated): void {
    this.seeds += 1;
    this.failed += result.failures.length > 0 ? 1 : 0;
    this.#virtualMs += result.virtualMs;
    this.#events += result.events;
    this.#flushes += result.flushes;
    this.#bodies += result.bodies;
    this.#runs += result.runs;
    this.#compared += result.compared;
    addAll(this.#injected, result.injected);
    addAll(this.#verdicts, result.verdicts);
    addAll(this.#reached, result.reached);
    addAll(this.#decided, result.decided);
  }

  line(): string {
    const tookMs = performance.now() - this.#startedAt;
    const hours = this.#virtualMs / 3_600_000;
    const perMinute = Math.round((this.seeds / tookMs) * 60_000);
    return (
      `${this.seeds} seeds, ${this.failed} failed, ${hours.toFixed(1)} simulated hours ` +
      `(${((hours / tookMs) * 1000).toFixed(2)} a second), ${perMinute} seeds a minute`
    );
  }

  /** What has to happen in some hundred seeds and has not. */
  lacking(): string[] {
    const happened = new Set([
      ...this.#injected.keys(),
      ...this.#verdicts.keys(),
      ...this.#reached.keys(),
      ...this.#decided.keys(),
    ]);
    const lacking = expected.filter((kind) => !happened.has(kind));
    return this.#compared > 0 ? lacking : [...lacking, "runs compared with the reference"];
  }

  lines(): string[] {
    return [
      this.line(),
      `${this.#runs} runs (${this.#compared} compared with the reference), ${this.#bodies} bodies, ${this.#flushes} flushes, ${this.#events} events`,
      `faults: ${listOf(this.#injected)}`,
      `verdicts: ${listOf(this.#verdicts)}`,
      `states reached: ${listOf(this.#reached)}`,
      `decided: ${listOf(this.#decided)}`,
    ];
  }
}

/** Faults that must have had their effect, and answers that must have been given. */
const expected = [
  ...["scheduler.killed", "api.killed", "worker.killed", "process.paused", "network.cut"],
  ...["database.lost_before", "database.lost_after", "database.busy", "database.down"],
  ...["message.lost", "message.doubled", "message.delayed", "stream.broken"],
  ...["OK", "ALREADY", "STALE"],
  ...["runs of schedules", "runs of backfills", "runs of assets", "runs triggered by tasks"],
  ...["events of assets", "full pools", "starts under a rate", "missed deadlines"],
  ...["pauses that owners knew of", "versions after the first"],
  ...["answers of timetables", "broken answers of timetables", "answers about the past"],
  ...["what watchers told", "targets"],
  ...["events under keys", "events for aliases", "inputs", "runs that never had their inputs"],
  ...["up_for_retry", "up_for_reschedule", "deferred", "restarting", "upstream_failed", "skipped"],
];

function addAll(to: Map<string, number>, from: ReadonlyMap<string, number>): void {
  for (const [name, count] of from) to.set(name, (to.get(name) ?? 0) + count);
}

function listOf(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([name, count]) => `${name} ${count}`).join(", ");
}
