import { fromBinary } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { FailureKind, FailureSchema } from "@millrace/wire/v1";
import { TaskControl } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { aDag, aTask, registerDag } from "../testing/dags.ts";
import { choice, failure, success } from "../testing/fake-api.ts";
import { aWorld } from "../testing/world.ts";

test("trigger rules decide what runs after a failure, and the leaves decide the run", async () => {
  await using world = await aWorld();
  const spec = aDag(
    "rules",
    [
      "bad",
      "good",
      aTask("plain"),
      aTask("alarm", { triggerRule: "one_failed" }),
      aTask("cleanup", { triggerRule: "all_done" }),
      aTask("never", { triggerRule: "all_failed" }),
      aTask("end", { triggerRule: "none_skipped" }),
    ],
    ["bad good>plain", "bad good>alarm", "bad good>cleanup", "bad good>never", "alarm cleanup>end"],
  );
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await world.api({
    body: ({ taskId }) => (taskId === "bad" ? failure("no", false) : success()),
  });
  const run = await api.trigger("rules");
  expect(await world.untilFinal(run)).toBe("failed");
  expect(await world.states(run, spec)).toEqual({
    bad: "failed",
    good: "success",
    plain: "upstream_failed",
    alarm: "success",
    cleanup: "success",
    never: "skipped",
    end: "success",
  });
});

const cases = [
  { name: "left", taskIds: ["l"] },
  { name: "right", taskIds: ["r"] },
];
const branching = aDag(
  "branching",
  [
    aTask("fork", { control: "branch", cases }),
    ...["l", "r"],
    aTask("join", { triggerRule: "none_failed_min_one_success" }),
  ],
  ["fork>l r>join"],
);

test("a branch goes on with the cases it names; the others are skipped, and its choice is in its row", async () => {
  await using world = await aWorld();
  await registerDag(world.db, branching);
  await world.scheduler();
  const api = await world.api({
    body: ({ taskId }) => (taskId === "fork" ? choice("right") : success()),
  });
  const run = await api.trigger("branching");
  expect(await world.untilFinal(run)).toBe("success");
  expect(await world.states(run, branching)).toEqual({
    fork: "success",
    l: "skipped",
    r: "success",
    join: "success",
  });
  const told = api.assigned.find(({ taskId }) => taskId === "fork");
  expect(told).toMatchObject({ control: TaskControl.BRANCH, cases: ["left", "right"] });
  const { rows } = await world.db.pool.query("SELECT choice FROM task_instance WHERE ix = 0");
  expect(rows).toEqual([{ choice: ["right"] }]);
});

test("a branch that chooses an unknown case, or none at all, fails and says so", async () => {
  await using world = await aWorld();
  await registerDag(world.db, branching);
  await world.scheduler();
  const outcomes = [choice("wrong"), success()];
  const api = await world.api({ body: () => outcomes.shift() ?? null });
  for (const message of [/chose "wrong".*"left", "right"/, /reported no choice/]) {
    const run = await api.trigger("branching");
    expect(await world.untilFinal(run)).toBe("failed");
    const { rows } = await world.db.pool.query<{ failure: Buffer }>(
      "SELECT failure FROM task_instance WHERE run_id = $1 AND failure IS NOT NULL",
      [run],
    );
    const failed = fromBinary(FailureSchema, rows[0]?.failure ?? Buffer.alloc(0));
    expect(failed).toMatchObject({ kind: FailureKind.SETUP, retryable: false });
    expect(failed.message).toMatch(message);
  }
  expect(api.assigned).toHaveLength(2);
});

test("a short circuit that chooses nothing skips everything after it", async () => {
  await using world = await aWorld();
  const spec = aDag(
    "gated",
    [aTask("gate", { control: "short_circuit" }), "a", aTask("b", { triggerRule: "all_done" })],
    ["gate>a>b"],
  );
  await registerDag(world.db, spec);
  await world.scheduler();
  const choices = [choice(), choice("continue")];
  const api = await world.api({
    body: ({ taskId }) => (taskId === "gate" ? (choices.shift() ?? null) : success()),
  });
  const closed = await api.trigger("gated");
  expect(await world.untilFinal(closed)).toBe("success");
  expect(await world.states(closed, spec)).toMatchObject({ a: "skipped", b: "skipped" });
  const open = await api.trigger("gated");
  expect(await world.untilFinal(open)).toBe("success");
  expect(await world.states(open, spec)).toMatchObject({ a: "success", b: "success" });
});

const retryAfter = durationFromMs(1);

test("a failure may say when to try again", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("later", [aTask("a", { retries: 1, retryDelayMs: 3_600_000 })]));
  await world.scheduler();
  const api = await world.api({
    body: ({ tryNumber }) =>
      tryNumber === 1
        ? { case: "failed", value: { message: "busy", retryable: true, retryAfter } }
        : success(),
  });
  expect(await world.untilFinal(await api.trigger("later"))).toBe("success");
});
