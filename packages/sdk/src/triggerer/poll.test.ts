import { describe, expect, test } from "vitest";
import { Gate } from "./gate.ts";
import { pauseMs, poll, type Look } from "./poll.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("a gate", () => {
  test("lets so many in at a time, in the order in which they came", async () => {
    const gate = new Gate(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const enter = (n: number) =>
      gate.enter(() => {
        begun.push(n);
        return new Promise<void>((resolve) => ends.push(resolve));
      });
    const leaves = [1, 2, 3, 4, 5].map(enter);
    expect(begun).toEqual([1, 2]);
    expect(gate.waiting).toBe(3);
    leaves[2]?.();
    ends[0]?.();
    await turn();
    expect(begun).toEqual([1, 2, 4]);
    ends[1]?.();
    ends[2]?.();
    await turn();
    expect(begun).toEqual([1, 2, 4, 5]);
    expect(gate.waiting).toBe(0);
  });
});

describe("polling", () => {
  test("many that begin at once drift apart, and never rest less than half of the interval", () => {
    const pauses = Array.from({ length: 1000 }, () => pauseMs({ intervalMs: 10_000 }, 1));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(5_000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(10_000);
    expect(new Set(pauses.map((ms) => Math.floor(ms / 100))).size).toBeGreaterThan(40);
    const later = Array.from({ length: 1000 }, () => pauseMs({ intervalMs: 10_000 }, 2));
    expect(Math.min(...later)).toBeGreaterThanOrEqual(9_000);
    expect(Math.max(...later)).toBeLessThanOrEqual(11_000);
  });

  test("says once what it found, and nothing once it was stopped", async () => {
    const found: unknown[] = [];
    const held = Promise.withResolvers<Look>();
    const begin = (look: () => Promise<Look>) =>
      poll({
        gate: new Gate(1),
        intervalMs: 1000,
        look,
        onLook: () => undefined,
        onFound: (event) => found.push(event),
        onFailed: (error) => found.push(error),
      });
    begin(() => Promise.resolve({ kind: "found", event: 1 }));
    const stop = begin(() => held.promise);
    stop();
    held.resolve({ kind: "found", event: 2 });
    await turn();
    expect(found).toEqual([1]);
  });

  test("gives up where looking again cannot help", async () => {
    const failed = await new Promise((resolve) => {
      poll({
        gate: new Gate(1),
        intervalMs: 1000,
        look: () => Promise.reject(new Error("no right")),
        onLook: () => undefined,
        onFound: resolve,
        onFailed: resolve,
      });
    });
    expect(failed).toEqual(new Error("no right"));
  });

  test("tells a look that it was stopped", async () => {
    const aborted = Promise.withResolvers<void>();
    const stop = poll({
      gate: new Gate(1),
      intervalMs: 1000,
      look(signal) {
        signal.addEventListener("abort", () => aborted.resolve());
        return new Promise(() => undefined);
      },
      onLook: () => undefined,
      onFound: () => undefined,
      onFailed: () => undefined,
    });
    stop();
    await aborted.promise;
  });
});
