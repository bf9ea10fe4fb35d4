import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { SensorSpec } from "@millrace/engine";
import { SensorMode } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { aDag, aTask, registerDag } from "../testing/dags.ts";
import { failure, rescheduled, success } from "../testing/fake-api.ts";
import { forTime } from "../testing/waiting.ts";
import { movingClock, unread } from "../testing/moving-clock.ts";
import { aWorld } from "../testing/world.ts";

const sensor: SensorSpec = {
  mode: "reschedule",
  intervalMs: 60_000,
  timeoutMs: 3_600_000,
  softFail: false,
  backoff: true,
  maxIntervalMs: null,
};

/** The clock is read once, so that it can be moved. */

test("a sensor that looked in vain gives its slot back, looks again when it is time, and spends no retry", async () => {
  await using world = await aWorld();
  const spec = aDag("wait", [aTask("s", { sensor }), "after"], ["s>after"]);
  await registerDag(world.db, spec);
  const clock = movingClock();
  await world.scheduler({ clock, settings: unread });
  const api = await world.api({
    slots: 1,
    body: ({ taskId, looks }) => (taskId === "s" && looks < 2 ? rescheduled(60_000) : success()),
  });
  const run = await api.trigger("wait");
  for (const looks of [1, 2]) {
    await expect.poll(() => world.states(run, spec)).toEqual({ s: "up_for_reschedule" });
    await expect.poll(api.freeSlots).toBe(1);
    expect(api.assigned).toHaveLength(looks);
    clock.advance(60_500);
    await expect.poll(() => api.assigned.length).toBeGreaterThan(looks);
  }
  expect(await world.untilFinal(run)).toBe("success");
  const [first, second, third] = api.assigned;
  expect(first).toMatchObject({ looks: 0, tryNumber: 1, maxTries: 1 });
  expect(first?.sensor).toMatchObject({ mode: SensorMode.RESCHEDULE, backoff: true });
  expect(third).toMatchObject({ looks: 2, tryNumber: 1, maxTries: 1 });
  const began = [first, second, third].map(
    (one) => one?.tryStartedAt && timestampMs(one.tryStartedAt),
  );
  expect(new Set(began).size).toBe(1);
  expect(third?.tryAge && durationMs(third.tryAge)).toBeGreaterThan(120_000);
  const { rows } = await world.db.pool.query(
    "SELECT count(*)::int AS n FROM task_instance_attempt",
  );
  expect(rows).toEqual([{ n: 0 }]);
});

test("a retry of a sensor is a new try", async () => {
  await using world = await aWorld();
  const spec = aDag("again", [aTask("s", { sensor, retries: 1, retryDelayMs: 1 })]);
  await registerDag(world.db, spec);
  await world.scheduler();
  const outcomes = [rescheduled(1), failure("no"), rescheduled(1), success()];
  const api = await world.api({ body: () => outcomes.shift() ?? null });
  expect(await world.untilFinal(await api.trigger("again"))).toBe("success");
  expect(api.assigned.map(({ looks }) => looks)).toEqual([0, 1, 0, 1]);
});

test("a take-over knows when a sensor looks again, how often it has looked, and since when", async () => {
  await using world = await aWorld();
  const spec = aDag("taken", [aTask("s", { sensor })]);
  await registerDag(world.db, spec);
  const first = await world.scheduler();
  const api = await world.api({
    body: ({ looks }) => (looks < 2 ? rescheduled(looks === 0 ? 1 : 60_000) : success()),
  });
  const run = await api.trigger("taken");
  await expect.poll(() => api.assigned.length).toBe(2);
  await expect.poll(() => world.states(run, spec)).toEqual({ s: "up_for_reschedule" });
  await first.stop();
  const clock = movingClock();
  await world.scheduler({ clock, settings: unread });
  clock.advance(61_000);
  expect(await world.untilFinal(run)).toBe("success");
  const [begin, , last] = api.assigned;
  expect(last?.looks).toBe(2);
  const drift =
    timestampMs(
      last?.tryStartedAt ?? { $typeName: "google.protobuf.Timestamp", seconds: 0n, nanos: 0 },
    ) -
    timestampMs(
      begin?.tryStartedAt ?? { $typeName: "google.protobuf.Timestamp", seconds: 0n, nanos: 0 },
    );
  expect(Math.abs(drift)).toBeLessThan(500);
});

test("a sensor that defers goes on with its try, and is done when its body does not go on", async () => {
  await using world = await aWorld();
  const spec = aDag("defers", [aTask("s", { sensor })]);
  await registerDag(world.db, spec);
  await world.scheduler();
  const outcomes = [
    rescheduled(1),
    forTime(1, { resumes: true }),
    rescheduled(1),
    forTime(1),
    success("never"),
  ];
  const api = await world.api({ body: () => outcomes.shift() ?? null });
  expect(await world.untilFinal(await api.trigger("defers"))).toBe("success");
  expect(outcomes).toHaveLength(1);
  expect(api.assigned.map(({ tryNumber }) => tryNumber)).toEqual([1, 1, 1, 1]);
  expect(api.assigned.map((given) => given.resumption !== undefined)).toEqual([
    ...[false, false],
    ...[true, false],
  ]);
  const began = api.assigned.map((one) => one.tryStartedAt && timestampMs(one.tryStartedAt));
  expect(new Set(began).size).toBe(1);
});
