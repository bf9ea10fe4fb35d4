/**
 * One virtual machine for a whole installation: time that stands still while anything computes, processes that are killed
 * and paused as an operating system does it, and one event at a time, in an order that only the seed decides.
 *
 * What a process does in an event, with all its microtasks, is finished before the next begins. Nothing real is awaited.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { EventQueue, type Entry } from "./event-queue.ts";
import type { Random } from "./random.ts";

/** Real ones, kept before anything is replaced. */
const realSetImmediate = setImmediate;

const running = new AsyncLocalStorage<VirtualProcess>();

/** The process whose code is running; undefined outside the simulation. */
export function currentProcess(): VirtualProcess | undefined {
  return running.getStore();
}

/** What a turn of an event loop costs: immediates never make time stand still for ever. */
const turnMs = 0.002;

type MachineEvent = Entry & { readonly process: VirtualProcess | null };

/** Something that is going to happen. */
export type Planned = { cancel(): void };

export class Machine {
  /** Milliseconds since the start. */
  now = 0;
  /** Events that have happened. */
  happened = 0;
  readonly #events = new EventQueue<MachineEvent>();
  #order = 0;

  /** Plans something in `ms` milliseconds, for a process or, without one, for the world around them. */
  after(ms: number, process: VirtualProcess | null, run: () => void): Planned {
    return this.#plan(this.now + Math.max(0, ms), process, run);
  }

  spawn(options: Omit<ProcessOptions, "machine">): VirtualProcess {
    return new VirtualProcess({ ...options, machine: this });
  }

  /** Lets everything happen that is due until then, or until `isDone`. */
  runUntil(untilMs: number, isDone: () => boolean = () => false): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = (): void => {
        try {
          if (isDone()) return resolve();
          if (!this.#next(untilMs)) {
            this.now = Math.max(this.now, untilMs);
            return resolve();
          }
        } catch (error) {
          return reject(error);
        }
        // Back in the real event loop all microtasks run.
        realSetImmediate(step);
      };
      // What has been begun outside plans its events first.
      realSetImmediate(step);
    });
  }

  #plan(at: number, process: VirtualProcess | null, run: () => void): Planned {
    const event: MachineEvent = { at, order: this.#order++, process, run };
    this.#events.push(event);
    return { cancel: () => void (event.run = null) };
  }

  /** Runs the next event; false when there is none until then. */
  #next(untilMs: number): boolean {
    for (;;) {
      const event = this.#events.peek();
      if (event === undefined || event.at > untilMs) return false;
      this.#events.pop();
      const { process, run } = event;
      if (run === null || process?.isAlive === false) continue;
      this.now = Math.max(this.now, event.at);
      if (process !== null && process.resumesAt > this.now) {
        // It stands still: what is for it waits. Cancelled meanwhile, it has nothing left to run.
        this.#plan(process.resumesAt, process, () => event.run?.());
        continue;
      }
      this.happened += 1;
      if (process === null) run();
      else process.enter(run);
      return true;
    }
  }
}

export type ProcessOptions = {
  readonly name: string;
  readonly machine: Machine;
  readonly random: Random;
  /** What its monotonic clock shows at the machine's start. Default 0. */
  readonly monotonicMs?: number;
  /** How fast its clock goes; 1 is right. Default 1. */
  readonly rate?: number;
  /** What its wall clock shows at the machine's start, milliseconds since 1970. Right or not: nothing may depend on it. */
  readonly wallMs?: number;
};

/** A process: its clock, its timers and its randomness. Dead, nothing of it ever runs again. */
export class VirtualProcess {
  readonly name: string;
  readonly machine: Machine;
  readonly random: Random;
  /** Standing still until then, as by SIGSTOP. */
  resumesAt = 0;
  #isAlive = true;
  readonly #monotonicAt: number;
  readonly #rate: number;
  readonly #wallAt: number;
  readonly #onDeath = new Set<() => void>();

  constructor(options: ProcessOptions) {
    this.name = options.name;
    this.machine = options.machine;
    this.random = options.random;
    this.#monotonicAt = options.monotonicMs ?? 0;
    this.#rate = options.rate ?? 1;
    this.#wallAt = options.wallMs ?? 0;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.resumesAt > this.machine.now;
  }

  monotonicMs(): number {
    return this.#monotonicAt + this.machine.now * this.#rate;
  }

  wallMs(): number {
    return Math.floor(this.#wallAt + this.machine.now);
  }

  /** Runs something as this process. */
  enter<T>(run: () => T): T {
    return running.run(this, run);
  }

  /** Milliseconds of its own clock. */
  after(ms: number, run: () => void): Planned {
    return this.machine.after(ms / this.#rate, this, run);
  }

  /** In the next turn of its event loop. */
  soon(run: () => void): Planned {
    return this.machine.after(turnMs, this, run);
  }

  /** Ends it at once, as SIGKILL does: nothing is finished, and nobody is told. */
  kill(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    for (const act of this.#onDeath) act();
  }

  pause(ms: number): void {
    this.resumesAt = Math.max(this.resumesAt, this.machine.now + ms);
  }

  /** What others notice of its death: its connections break. Returns what ends the interest. */
  onDeath(act: () => void): () => void {
    this.#onDeath.add(act);
    return () => void this.#onDeath.delete(act);
  }
}
