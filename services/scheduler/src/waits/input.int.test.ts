/** Waits for people, on real rows: semantics 9.6. */

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";

import { RunState, TaskState, TimeoutOutcome } from "@millrace/wire/v1";
import { aDag, registerDag } from "../testing/dags.ts";
import { attemptOf, success, textOf, type FakeApi } from "../testing/fake-api.ts";
import { movingClock } from "../testing/moving-clock.ts";
import { answers, bring, forInput, outOf, resumedWith, rowOf, unread } from "../testing/waiting.ts";
import { aWorld, type World } from "../testing/world.ts";

const asks = (given: Parameters<typeof attemptOf>[0], options = {}) =>
  attemptOf(given) === 1 ? forInput({ resumes: true, ...options }) : success();

const request = (world: World, run: number) => rowOf(world.db, "input_request", run);
const answer = { attempt: 0, principal: "user:anna", news: answers({ ok: true }) };

async function aQuestion(world: World, dagId: string, api: FakeApi): Promise<number> {
  const run = await api.trigger(dagId);
  await expect.poll(() => world.taskStates(run)).toEqual(["awaiting_input"]);
  return run;
}

test("a person's answer is what the body goes on with, and the request is closed with it", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("ask", ["a"]));
  await world.scheduler();
  const api = await world.api({ body: asks });
  const run = await aQuestion(world, "ask", api);
  expect(await request(world, run)).toMatchObject({ attempt: 1, state: 1, answered_by: null });

  expect(await bring(api, { dagId: "ask", run, ...answer })).toBe("done");

  expect(await request(world, run)).toMatchObject({ state: 2, answered_by: "user:anna" });
  expect(textOf((await request(world, run))?.answer as Buffer)).toBe('{"ok":true}');
  expect(await world.untilFinal(run)).toBe("success");
  const [event] = resumedWith(api.assigned[1]!) ?? [];
  expect(JSON.parse(event ?? "")).toMatchObject({ values: { ok: true }, by: "user:a" });
  expect(await bring(api, { dagId: "ask", run, ...answer })).toBe("INPUT_NOT_AWAITED");
});

test("only one answer counts, and the same request is answered again", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("both", ["a"]));
  await world.scheduler();
  const api = await world.api({ body: () => forInput() });
  const run = await aQuestion(world, "both", api);
  const mine = { dagId: "both", run, ...answer, requestId: "mine" };
  const theirs = { ...mine, requestId: "theirs", news: answers({ ok: false }) };
  expect(await Promise.all([bring(api, mine), bring(api, theirs)])).toEqual([
    "done",
    "INPUT_NOT_AWAITED",
  ]);
  expect(await bring(api, mine)).toBe("done");
  expect(await world.untilFinal(run)).toBe("success");
  expect(JSON.parse((await outOf(world.db, run)) ?? "")).toMatchObject({ values: { ok: true } });
});

test("a task that asks nothing takes no answer", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("mute", ["a"]));
  await world.scheduler();
  const api = await world.api({ body: () => null });
  const run = await api.trigger("mute");
  await expect.poll(() => api.assigned.length).toBe(1);
  expect(await bring(api, { dagId: "mute", run, ...answer })).toBe("INPUT_NOT_AWAITED");
});

const timeout = durationFromMs(60_000);

test("a form that nobody answers in time is answered with its defaults", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("silent", ["a"]));
  const clock = movingClock();
  await world.scheduler({ clock, settings: unread });
  const onTimeout = TimeoutOutcome.FULFIL;
  const api = await world.api({
    body: (given) =>
      attemptOf(given) === 1
        ? forInput({ resumes: true, timeout, onTimeout }, { ok: false })
        : success(),
  });
  const run = await aQuestion(world, "silent", api);
  expect((await request(world, run))?.timeout_at).not.toBeNull();
  clock.advance(61_000);
  expect(await world.untilFinal(run)).toBe("success");
  expect(JSON.parse(resumedWith(api.assigned[1]!)?.[0] ?? "")).toMatchObject({
    values: { ok: false },
    by: "timeout",
    at: { $: "date" },
  });
  expect(await request(world, run)).toMatchObject({ state: 2, answered_by: "timeout" });
  expect(textOf((await request(world, run))?.answer as Buffer)).toBe('{"ok":false}');
});

test("a form that nobody answers in time, without defaults, is timed out", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("expired", ["a"]));
  const clock = movingClock();
  await world.scheduler({ clock, settings: unread });
  const api = await world.api({ body: (given) => asks(given, { timeout }) });
  const run = await aQuestion(world, "expired", api);
  clock.advance(61_000);
  expect(await world.untilFinal(run)).toBe("failed");
  expect(await request(world, run)).toMatchObject({ state: 3, answered_by: null, answer: null });
});

type Asked = (run: number) => NonNullable<Parameters<FakeApi["command"]>[1]["command"]>;

const changes: readonly [string, Asked][] = [
  [
    "cleared",
    (run) => ({
      case: "clearInstances",
      value: { runKey: BigInt(run), selection: { instances: [{ taskId: "a" }] } },
    }),
  ],
  [
    "marked as success",
    (run) => ({
      case: "markInstances",
      value: {
        runKey: BigInt(run),
        selection: { instances: [{ taskId: "a" }] },
        state: TaskState.SUCCESS,
      },
    }),
  ],
  ["cancelled", (run) => ({ case: "cancelRun", value: { runKey: BigInt(run) } })],
  [
    "marked as a whole",
    (run) => ({
      case: "markRun",
      value: { runKey: BigInt(run), state: RunState.FAILED },
    }),
  ],
];

test.each(changes)("nothing is asked any more when the task is %s", async (_, command) => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("gone", ["a"]));
  await world.scheduler();
  const api = await world.api({
    body: (given) => (attemptOf(given) === 1 ? forInput() : success()),
  });
  const run = await aQuestion(world, "gone", api);
  const { reply } = await api.command("gone", { requestId: "c", command: command(run) });
  expect(reply.case).not.toBe("refusal");
  await world.untilFinal(run);
  expect(await request(world, run)).toMatchObject({ state: 4, answer: null });
  expect(await rowOf(world.db, "task_instance", run)).toMatchObject({ deferral: null });
  expect(await bring(api, { dagId: "gone", run, ...answer })).toBe("INPUT_NOT_AWAITED");
});
