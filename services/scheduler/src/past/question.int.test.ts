import { TaskState } from "@millrace/engine";
import { ReasonKind } from "@millrace/wire/v1";
import type { Assignment } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { aDag, aTask, registerDag } from "../testing/dags.ts";
import { failure, success, type FakeApi, type Outcome } from "../testing/fake-api.ts";
import { aWorld } from "../testing/world.ts";
import { reasonsFor } from "../testing/reasons.ts";

const dates = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2)];
const decided = { dependsOnPast: true, pastDecider: "a#dependsOnPast()" };

const isQuestion = ({ handler }: Assignment) => handler.endsWith("()");

/** The task fails in the first run; the second one's function is asked then. */
async function aQuestion(answer: () => Outcome | null, changes: Parameters<typeof aTask>[1] = {}) {
  const world = await aWorld();
  await registerDag(world.db, aDag("asked", [aTask("a", { ...decided, ...changes })]));
  await world.scheduler();
  const asked: unknown[] = [];
  const begun: string[] = [];
  const api = await world.api({
    body(assignment) {
      if (isQuestion(assignment)) {
        asked.push(JSON.parse(Buffer.from(assignment.args).toString()));
        return answer();
      }
      begun.push(assignment.taskId);
      return begun.length === 1 ? failure("no", false) : success();
    },
  });
  await world.untilFinal(await api.trigger("asked", { logicalAt: dates[0]! }));
  const run = await api.trigger("asked", { logicalAt: dates[1]!, params: { region: "eu" } });
  return {
    ...{ world, api, asked, begun, run },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

async function reasons(api: FakeApi, run: number): Promise<ReasonKind[]> {
  return (await reasonsFor(api, "asked", run, "a")).map(({ kind }) => kind);
}

test("a function that says that the past does not matter lets the task start; it is asked once, with the facts", async () => {
  await using it = await aQuestion(() => success(false));
  expect(await it.world.untilFinal(it.run)).toBe("success");
  expect(it.asked).toEqual([
    [
      {
        logicalDate: { $: "date", v: "2026-01-02T00:00:00.000Z" },
        params: { region: "eu" },
        previous: {
          name: expect.stringMatching(/^manual__/),
          logicalDate: { $: "date", v: "2026-01-01T00:00:00.000Z" },
          states: { a: "failed" },
        },
      },
    ],
  ]);
});

test("one that says that it does leaves it waiting; until it has answered, explain says that it is asked", async () => {
  const answer = Promise.withResolvers<Outcome>();
  await using it = await aQuestion(() => answer.promise as unknown as Outcome);
  await expect.poll(() => reasons(it.api, it.run)).toContain(ReasonKind.PAST_QUESTION);
  answer.resolve(success(true));
  await expect.poll(() => reasons(it.api, it.run)).toContain(ReasonKind.DEPENDS_ON_PAST);
  expect(it.begun).toEqual(["a"]);
  expect(it.asked.length).toBe(1);
});

test("one that throws is tried again as often as the task may be; then the task fails and says why", async () => {
  const retries = { retries: 2, retryDelayMs: 10 };
  await using it = await aQuestion(() => failure("no such table"), retries);
  expect(await it.world.untilFinal(it.run)).toBe("failed");
  expect(it.asked.length).toBe(3);
  expect(it.begun).toEqual(["a"]);
  const { rows } = await it.world.db.pool.query<{ failure: Buffer }>(
    "SELECT failure FROM task_instance WHERE run_id = $1",
    [it.run],
  );
  expect(rows[0]?.failure.toString()).toContain(
    "The function that decides whether the past matters failed: no such table",
  );
});

test("an answer that is no boolean is a failure; nothing else stops", async () => {
  await using it = await aQuestion(() => success("perhaps"));
  expect(await it.world.untilFinal(it.run)).toBe("failed");
  const third = await it.api.trigger("asked");
  expect(await it.world.untilFinal(third)).toBe("success");
});

test("a task that has failed for want of an answer, and is cleared, is asked about anew", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("asked", [aTask("a", decided), "long"]));
  await world.scheduler();
  const released = Promise.withResolvers<Outcome>();
  let isGood = false;
  const api = await world.api({
    body(assignment) {
      if (isQuestion(assignment)) return isGood ? success(false) : failure("no", false);
      if (assignment.taskId === "long") return released.promise;
      return isGood ? success() : failure("no", false);
    },
  });
  await api.trigger("asked", { logicalAt: dates[0]! });
  const run = await api.trigger("asked", { logicalAt: dates[1]! });
  const state = async (): Promise<number | undefined> => {
    const { rows } = await world.db.pool.query<{ state: number }>(
      "SELECT state FROM task_instance WHERE run_id = $1 AND ix = 0",
      [run],
    );
    return rows[0]?.state;
  };
  await expect.poll(state).toBe(TaskState.failed);
  isGood = true;
  const value = { runKey: BigInt(run), selection: { instances: [{ taskId: "a" }] } };
  const command = { case: "clearInstances", value } as const;
  await api.command("asked", { requestId: crypto.randomUUID(), command });
  await expect.poll(state).toBe(TaskState.success);
  released.resolve(success());
});
