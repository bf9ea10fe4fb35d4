import { expect, test } from "vitest";
import { createLifecycle } from "./lifecycle.ts";
import { createLogger } from "./logger.ts";
import { createLoop } from "./loop.ts";

const log = createLogger({ name: "test", level: "silent" });

test("the first signal stops the parts, the last added first; the second one gives up on them", async () => {
  const stopped: string[] = [];
  let isAbandoned = false;
  const slow = Promise.withResolvers<void>();
  const lifecycle = createLifecycle({
    log,
    signals: ["SIGUSR2"],
    abandon: () => (isAbandoned = true),
  });
  lifecycle.add({ name: "db", stop: () => Promise.resolve(void stopped.push("db")) });
  lifecycle.add({ name: "api", stop: () => slow.promise.then(() => void stopped.push("api")) });
  process.emit("SIGUSR2", "SIGUSR2");
  process.emit("SIGUSR2", "SIGUSR2");
  expect(isAbandoned).toBe(true);
  slow.resolve();
  expect(await lifecycle.stopped).toBe("SIGUSR2");
  expect(stopped).toEqual(["api", "db"]);
});

test("a part that fails to stop, or never does, does not keep the others from stopping", async () => {
  const stopped: string[] = [];
  const lifecycle = createLifecycle({ log, signals: [], partTimeoutMs: 5 });
  lifecycle.add({ name: "last", stop: () => Promise.resolve(void stopped.push("last")) });
  lifecycle.add({ name: "hangs", stop: () => new Promise(() => undefined) });
  lifecycle.add({ name: "fails", stop: () => Promise.reject(new Error("no")) });
  await lifecycle.stop();
  expect(stopped).toEqual(["last"]);
});

test("a part that comes after stopping has begun is stopped too, also when all others have stopped", async () => {
  const stopped: string[] = [];
  const part = (name: string) => ({ name, stop: () => Promise.resolve(void stopped.push(name)) });
  const lifecycle = createLifecycle({ log, signals: [] });
  lifecycle.add(part("first"));
  const stopping = lifecycle.stop();
  lifecycle.add(part("meanwhile"));
  await stopping;
  lifecycle.add(part("after"));
  await lifecycle.stop();
  expect(stopped).toEqual(["meanwhile", "first", "after"]);
});

test("a part that is still starting is waited for and stopped before those it stands on", async () => {
  const stopped: string[] = [];
  const slow = Promise.withResolvers<{ stop(): Promise<void> }>();
  const lifecycle = createLifecycle({ log, signals: [] });
  lifecycle.add({ name: "db", stop: () => Promise.resolve(void stopped.push("db")) });
  let heard: AbortSignal | undefined;
  const starting = lifecycle.start("api", (signal) => {
    heard = signal;
    return slow.promise;
  });
  const stopping = lifecycle.stop();
  expect(heard?.aborted).toBe(true);
  slow.resolve({ stop: () => Promise.resolve(void stopped.push("api")) });
  await expect(starting).rejects.toMatchObject({ name: "AbortError" });
  await stopping;
  expect(stopped).toEqual(["api", "db"]);
  await expect(
    lifecycle.start("late", () => Promise.reject(new Error("never"))),
  ).rejects.toMatchObject({ name: "AbortError" });
});

test("a start that fails is no part", async () => {
  const lifecycle = createLifecycle({ log, signals: [] });
  await expect(
    lifecycle.start("broken", () => Promise.reject(new Error("no port"))),
  ).rejects.toThrow("no port");
  await lifecycle.stop();
});

test("a loop goes on after a turn that failed, and stop waits for the turn in progress", async () => {
  const third = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  let turns = 0;
  const loop = createLoop({
    name: "test",
    intervalMs: 1,
    log,
    async runOnce() {
      turns += 1;
      if (turns === 1) throw new Error("no");
      if (turns < 3) return;
      third.resolve();
      await release.promise;
      turns = 100;
    },
  });
  loop.start();
  await third.promise;
  const stopped = loop.stop();
  release.resolve();
  await stopped;
  expect(turns).toBe(100);
});
