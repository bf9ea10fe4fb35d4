import { expect, test } from "vitest";

import { aDag, aTask, registerDag } from "../testing/dags.ts";
import { textOf } from "../testing/fake-api.ts";
import { movingClock } from "../testing/moving-clock.ts";
import { beats, bring, forToken, rowOf, succeeds, unread } from "../testing/waiting.ts";
import { aWorld } from "../testing/world.ts";

test("a token whose holder shows no sign of life fails its wait, and one who does keeps it", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("beat", [aTask("a", { retries: 1, retryDelayMs: 3_600_000 })]));
  const clock = movingClock();
  await world.scheduler({ clock, settings: unread });
  const api = await world.api({ body: () => forToken({ heartbeatMs: 60_000 }) });
  const run = await api.trigger("beat");
  await expect.poll(() => world.taskStates(run)).toEqual(["deferred"]);
  const { rows: before } = await world.db.pool.query("SELECT max(seq) FROM event");
  for (let minute = 0; minute < 5; minute += 1) {
    clock.advance(50_000);
    expect(await bring(api, { dagId: "beat", run, news: beats })).toBe("done");
    expect(await world.taskStates(run)).toEqual(["deferred"]);
  }
  // Nothing was written for any of them.
  expect((await world.db.pool.query("SELECT max(seq) FROM event")).rows).toEqual(before);
  clock.advance(61_000);
  await expect.poll(() => world.taskStates(run)).toEqual(["up_for_retry"]);
  const row = await rowOf(world.db, "task_instance", run);
  expect(textOf(row?.failure as Buffer)).toContain("no heartbeat for 1 min");
  expect(await bring(api, { dagId: "beat", run, news: beats })).toBe("TASK_TOKEN_USED");
});

test("heartbeats while the body still runs do no harm, and do not wait", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("soon", ["a"]));
  await world.scheduler();
  const api = await world.api({ body: () => null });
  const run = await api.trigger("soon");
  await expect.poll(() => api.assigned.length).toBe(1);
  expect(await bring(api, { dagId: "soon", run, news: beats })).toBe("done");
  await api.report(api.assigned[0]!.attemptId, forToken());
  expect(await bring(api, { dagId: "soon", run, news: beats })).toBe("done");
  expect(await bring(api, { dagId: "soon", run, news: succeeds(1) })).toBe("done");
  expect(await world.untilFinal(run)).toBe("success");
});
