/**
 * Gives every process of the simulation its own time, timers and randomness, by taking the place of the platform's. Code
 * that runs outside a process of the simulation gets the real ones, so a test runner goes on beside it.
 *
 * Production code needs no seams for it: it calls what it always calls.
 */

import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers/promises";
import { currentProcess, type Planned, type VirtualProcess } from "./machine.ts";

/** Longest delay that Node takes; longer ones fire at once. */
const timeoutMaxMs = 2 ** 31 - 1;

/** What `setTimeout` gives inside the simulation. */
class VirtualTimer {
  planned: Planned | null = null;
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
}

let isInstalled = false;

/** Replaces them, once and for the life of the real process. */
export function installVirtualPlatform(): void {
  if (isInstalled) return;
  isInstalled = true;
  replaceTimers();
  replaceClocks();
  replaceRandomness();
  syncBuiltinESMExports();
}

function delayOf(ms: unknown): number {
  const asked = Math.trunc(Number(ms ?? 1));
  return asked >= 1 && asked <= timeoutMaxMs ? asked : 1;
}

function replaceTimers(): void {
  const real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    setImmediate: globalThis.setImmediate,
    clearImmediate: globalThis.clearImmediate,
  };
  type Call = (...args: unknown[]) => void;
  const once = (process: VirtualProcess, call: Call, ms: unknown, args: unknown[]) => {
    const timer = new VirtualTimer();
    timer.planned = process.after(delayOf(ms), () => call(...args));
    return timer;
  };
  const again = (process: VirtualProcess, call: Call, ms: unknown, args: unknown[]) => {
    const timer = new VirtualTimer();
    const arm = (): void => {
      timer.planned = process.after(delayOf(ms), () => {
        arm();
        call(...args);
      });
    };
    arm();
    return timer;
  };
  const soon = (process: VirtualProcess, call: Call, args: unknown[]) => {
    const timer = new VirtualTimer();
    timer.planned = process.soon(() => call(...args));
    return timer;
  };
  const clear = (realClear: (timer: never) => void) => (timer: unknown) => {
    if (timer instanceof VirtualTimer) timer.planned?.cancel();
    else realClear(timer as never);
  };
  const replaced = {
    setTimeout: (call: Call, ms?: unknown, ...args: unknown[]) => {
      const process = currentProcess();
      if (process !== undefined) return once(process, call, ms, args);
      return real.setTimeout(call, ms as number, ...args);
    },
    setInterval: (call: Call, ms?: unknown, ...args: unknown[]) => {
      const process = currentProcess();
      if (process !== undefined) return again(process, call, ms, args);
      return real.setInterval(call, ms as number, ...args);
    },
    setImmediate: (call: Call, ...args: unknown[]) => {
      const process = currentProcess();
      return process === undefined ? real.setImmediate(call, ...args) : soon(process, call, args);
    },
    clearTimeout: clear(real.clearTimeout),
    clearInterval: clear(real.clearInterval),
    clearImmediate: clear(real.clearImmediate),
  };
  Object.assign(globalThis, replaced);
  timers.setTimeout = virtualWait(timers.setTimeout) as typeof timers.setTimeout;
}

/** Ends the interest of waits in their signals. */
const waits = new Set<() => void>();

/** Lets go of what a simulation that is over still waits for: the platform keeps signals that somebody listens to. */
export function forgetWaits(): void {
  for (const forget of waits) forget();
  waits.clear();
}

type WaitOptions = { readonly signal?: AbortSignal };

function virtualWait(realWait: (ms?: number, value?: unknown, options?: WaitOptions) => unknown) {
  return (ms?: number, value?: unknown, options: WaitOptions = {}): unknown => {
    const process = currentProcess();
    if (process === undefined) return realWait(ms, value, options);
    const { signal } = options;
    return new Promise((resolve, reject) => {
      const forget = (): void => {
        waits.delete(forget);
        signal?.removeEventListener("abort", stop);
      };
      const stop = (): void => {
        forget();
        timer.cancel();
        reject(new DOMException("The operation was aborted", "AbortError"));
      };
      const timer = process.after(delayOf(ms), () => {
        forget();
        resolve(value);
      });
      waits.add(forget);
      if (signal?.aborted === true) stop();
      else signal?.addEventListener("abort", stop, { once: true });
    });
  };
}

function replaceClocks(): void {
  const realNow = performance.now.bind(performance);
  performance.now = () => currentProcess()?.monotonicMs() ?? realNow();
  const realDateNow = Date.now.bind(Date);
  Date.now = () => currentProcess()?.wallMs() ?? realDateNow();
}

function replaceRandomness(): void {
  const realRandom = Math.random.bind(Math);
  Math.random = () => currentProcess()?.random.float() ?? realRandom();
  const realBytes = crypto.randomBytes.bind(crypto);
  crypto.randomBytes = (size: number) => {
    const process = currentProcess();
    if (process === undefined) return realBytes(size);
    return Buffer.from(Array.from({ length: size }, () => process.random.below(256)));
  };
  const realInt = crypto.randomInt.bind(crypto) as (...bounds: number[]) => number;
  crypto.randomInt = ((...bounds: number[]) => {
    const [from, to] = bounds.length === 1 ? [0, bounds[0]!] : [bounds[0]!, bounds[1]!];
    const random = currentProcess()?.random;
    return random === undefined ? realInt(...bounds) : from + random.below(to - from);
  }) as typeof crypto.randomInt;
  const realUuid = crypto.randomUUID.bind(crypto);
  crypto.randomUUID = (options) =>
    (currentProcess()?.random.uuid() as ReturnType<typeof realUuid>) ?? realUuid(options);
}
