/** Waits that outlive who looks after them: semantics 9.3. */

import { expect, test } from "vitest";

import { VerdictKind } from "@millrace/wire/worker";
import { aDag, aTask, registerDag } from "../testing/dags.ts";
import { attemptOf, success, type FakeApi } from "../testing/fake-api.ts";
import { movingClock, unread } from "../testing/moving-clock.ts";
import {
  answers,
  bring,
  forInput,
  forTime,
  forToken,
  forWatch,
  resumedWith,
  rowOf,
} from "../testing/waiting.ts";
import { outOf, succeeds, value } from "../testing/waiting.ts";
import { aWorld } from "../testing/world.ts";

/** The second owner's clock may be moved, and is not corrected. */
const state = value("state");

async function nth(api: FakeApi, n: number) {
  await expect.poll(() => api.assigned.length).toBeGreaterThanOrEqual(n);
  return api.assigned[n - 1]!;
}

test("a wait for a moment goes on after a take-over, and ends when it is time", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("moment", ["a"]));
  const first = await world.scheduler();
  const api = await world.api({ body: () => forTime(600_000) });
  const run = await api.trigger("moment");
  await expect.poll(() => world.taskStates(run)).toEqual(["deferred"]);
  await first.stop();
  const clock = movingClock();
  await world.scheduler({ clock, settings: unread });
  expect(await world.taskStates(run)).toEqual(["deferred"]);
  clock.advance(601_000);
  expect(await world.untilFinal(run)).toBe("success");
});

test("a token is good after a take-over, and its heartbeats count from then", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("token", [aTask("a", { retries: 1 })]));
  const first = await world.scheduler();
  const api = await world.api({
    body: (given) =>
      attemptOf(given) === 1 ? forToken({ resumes: true, state, heartbeatMs: 60_000 }) : success(),
  });
  const run = await api.trigger("token");
  await expect.poll(() => world.taskStates(run)).toEqual(["deferred"]);
  await first.stop();
  const clock = movingClock();
  await world.scheduler({ clock, settings: unread });
  clock.advance(50_000);
  expect(await bring(api, { dagId: "token", run, news: succeeds(3) })).toBe("done");
  expect(await world.untilFinal(run)).toBe("success");
  expect(resumedWith(api.assigned[1]!)).toEqual(["3", '"state"']);
});

test("a form is still to be answered after a take-over", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("asks", ["a"]));
  const first = await world.scheduler();
  const api = await world.api({ body: () => forInput() });
  const run = await api.trigger("asks");
  await expect.poll(() => world.taskStates(run)).toEqual(["awaiting_input"]);
  await first.stop();
  await world.scheduler();
  const answer = { attempt: 0, principal: "user:a", news: answers({ ok: 1 }) };
  expect(await bring(api, { dagId: "asks", run, ...answer })).toBe("done");
  expect(await world.untilFinal(run)).toBe("success");
  expect(await rowOf(world.db, "input_request", run)).toMatchObject({ state: 2 });
});

test("what came is not lost with the worker that goes on with it, nor with the owner", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("lost", ["a"]));
  const first = await world.scheduler();
  const api = await world.api({
    body: (given) => (attemptOf(given) === 1 ? forToken({ resumes: true, state }) : null),
  });
  const run = await api.trigger("lost");
  await expect.poll(() => world.taskStates(run)).toEqual(["deferred"]);
  expect(await bring(api, { dagId: "lost", run, news: succeeds(3) })).toBe("done");
  const second = await nth(api, 2);

  await first.stop();
  const heir = await world.scheduler();
  // Its worker does not know of it.
  await api.inventory([second.attemptId]);
  await api.inventory([]);
  await api.inventory([]);
  const third = await nth(api, 3);
  expect([attemptOf(third), third.tryNumber]).toEqual([3, 1]);
  await heir.stop();
  await world.scheduler();
  await api.inventory([third.attemptId]);
  expect((await api.report(third.attemptId, success("end"))).kind).toBe(VerdictKind.OK);

  expect(await world.untilFinal(run)).toBe("success");
  for (const given of [second, third]) expect(resumedWith(given)).toEqual(["3", '"state"']);
  const { rows } = await world.db.pool.query(
    "SELECT attempt, state FROM task_instance_attempt ORDER BY attempt",
  );
  expect(rows).toEqual([
    { attempt: 1, state: 13 },
    { attempt: 2, state: 2 },
  ]);
  expect(await rowOf(world.db, "task_instance", run)).toMatchObject({ attempt: 3, deferral: null });
});

test("what is about to go on goes on after a take-over", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("about", ["a"]));
  const first = await world.scheduler();
  const api = await world.api({ slots: 1, body: () => null });
  const run = await api.trigger("about");
  const { attemptId } = await nth(api, 1);
  await api.report(attemptId, forToken({ resumes: true, state }));
  await bring(api, { dagId: "about", run, news: succeeds(3) });
  // Its only slot was never given back.
  expect(await world.taskStates(run)).toEqual(["scheduled"]);
  await first.stop();
  await world.scheduler();
  expect(await bring(api, { dagId: "about", run, news: succeeds(4) })).toBe("TASK_TOKEN_USED");
  const other = await world.api({ body: () => null });
  expect(resumedWith(await nth(other, 1))).toEqual(["3", '"state"']);
  const { rows } = await world.db.pool.query("SELECT attempt, state FROM task_instance_attempt");
  expect(rows).toEqual([{ attempt: 1, state: 13 }]);
});

test("after a take-over what was watched is watched by whoever says so, or by another", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("watched", ["a"]));
  const first = await world.scheduler();
  const work = await world.api({ body: () => forWatch() });
  const trigger = await world.api({ handlers: ["trigger/http"], slots: 1, body: () => null });
  const run = await work.trigger("watched");
  const { attemptId } = await nth(trigger, 1);
  first.kill();
  await world.expireLeases("n0");
  const heir = await world.scheduler();
  await expect.poll(() => heir.shards().length).toBe(64);
  // It has no free slot, and says what it watches.
  expect(await trigger.inventory([attemptId])).toEqual([]);
  const other = await world.api({ handlers: ["trigger/http"], body: () => null });
  await trigger.inventory([attemptId]);
  expect(other.assigned).toEqual([]);
  await trigger.inventory([], true);
  expect((await nth(other, 1)).attemptId).toBe(attemptId);
  expect((await other.report(attemptId, success(5))).kind).toBe(VerdictKind.OK);
  expect(await world.untilFinal(run)).toBe("success");
  expect(await outOf(world.db, run)).toBe("5");
});

test("many waits are taken over at once, and all of them end", async () => {
  await using world = await aWorld();
  const count = 2_000;
  const tasks = Array.from({ length: count }, (_, i) => `a${i}`);
  await registerDag(world.db, aDag("many", tasks, [], { maxActiveTasks: count }));
  const first = await world.scheduler();
  const work = await world.api({ slots: count, body: () => forTime(600_000) });
  const run = await work.trigger("many");
  const waiting = async () => {
    const { rows } = await world.db.pool.query(
      "SELECT count(*)::int AS n FROM task_instance WHERE run_id = $1 AND state = 13",
      [run],
    );
    return rows[0].n as number;
  };
  await expect.poll(waiting).toBe(count);
  await first.stop();
  const clock = movingClock();
  await world.scheduler({ clock, settings: unread });
  clock.advance(601_000);
  expect(await world.untilFinal(run)).toBe("success");
});
