/** Tasks that give their slot back (semantics 9.3, 9.6): what they wait for comes from the test, or with virtual time. */
import {
  branch,
  choice,
  context,
  dag,
  defer,
  each,
  FailTask,
  sensor,
  task,
  trigger,
} from "@millrace/sdk";
import { describe, expect, test } from "vitest";
import { after, defers, fail, ok, runDag, startDag } from "./index.ts";

type JobDone = { readonly score: number };
const now = "2026-01-01T00:00Z";
const say = task(function say(what: unknown) {
  return what;
});

const train = task(
  {
    retries: 1,
    retryDelay: "1m",
    resume: (event: JobDone, state: { job: string }) => [state.job, event.score],
  },
  async function train() {
    const token = await context().taskToken();
    context().xcom.push("token", token);
    return defer(trigger.token<JobDone>({ heartbeat: "1m" }), {
      timeout: "2h",
      state: { job: "j-7" },
    });
  },
);
const training = dag("training", {}, () => say(train()));

const form = {
  type: "object",
  properties: { publish: { type: "boolean" }, copies: { type: "integer", default: 1 } },
  required: ["publish"],
  additionalProperties: false,
} as const;
const ask = task(function ask() {
  return defer(trigger.input({ subject: "Publish?", schema: form }));
});
const asking = dag("asking", {}, () => say(ask()));

describe("moments", () => {
  test("pass in virtual time, without a slot", async () => {
    const rest = task(function rest() {
      return defer(trigger.after("10h"));
    });
    const other = task(function other() {});
    const run = startDag(
      dag("resting", { maxActiveTasks: 1 }, () => {
        rest();
        other();
      }),
      { now },
    );
    await run.advance("1m");
    expect(run.task("rest")).toMatchObject({ state: "deferred", attempts: 1 });
    expect(run.task("rest").explain).toMatchObject([
      { kind: "deferred", until: Date.parse("2026-01-01T10:00Z") },
    ]);
    expect(run.task("other").state).toBe("success");
    await run.finish();
    expect(run.now).toEqual(new Date("2026-01-01T10:00Z"));
    expect(run.task("rest")).toMatchObject({ state: "success", value: undefined });
  });

  test("that are over end a wait at once", async () => {
    const rest = task(function rest() {
      return defer(trigger.at("2020-01-01T00:00Z"));
    });
    expect(
      (
        await runDag(
          dag("resting", {}, () => void rest()),
          { now },
        )
      ).state,
    ).toBe("success");
  });
});

describe("tokens", () => {
  test("bring what the body goes on with, beside the state it left; the attempts spend no retry", async () => {
    const run = startDag(training, { now });
    await run.advance("0s");
    expect(run.task("train").state).toBe("deferred");
    run.completeToken("train", { score: 3 });
    await run.finish();
    expect(run.result).toEqual(["j-7", 3]);
    expect(run.task("train").attempts).toBe(2);
    expect(run.order).toEqual(["train", "train", "say"]);
    // What was left before the wait is still there.
    expect(run.xcom("train", "token")).toEqual(expect.any(String));
  });

  test("are good for one attempt, once", async () => {
    const run = startDag(training, { now });
    await run.advance("0s");
    const token = run.xcom("train", "token") as string;
    run.failToken("train", "no GPU");
    expect(run.task("train")).toMatchObject({
      state: "up_for_retry",
      failure: { message: "no GPU" },
    });
    expect(() => run.completeToken(token, { score: 1 })).toThrow(
      expect.objectContaining({ reason: "TASK_TOKEN_USED" }),
    );
    await run.advance("1m");
    const second = run.xcom("train", "token") as string;
    expect(second).not.toBe(token);
    run.completeToken(second, { score: 4 });
    await run.finish();
    expect(run.result).toEqual(["j-7", 4]);
    expect(() => run.completeToken(second)).toThrow("not awaited any more");
  });

  test("a failure that says so leaves no retry", async () => {
    const run = startDag(training, { now });
    await run.advance("0s");
    run.failToken("train", new FailTask("never"));
    expect(run.task("train").state).toBe("failed");
  });

  test("need their heartbeats", async () => {
    const run = startDag(training, { now });
    for (let beats = 0; beats < 3; beats += 1) {
      await run.advance("50s");
      expect(run.task("train").state).toBe("deferred");
      run.heartbeat("train");
    }
    await run.advance("2m");
    expect(run.task("train").attempts).toBe(2);
    await run.finish();
    expect(run.task("train")).toMatchObject({
      state: "failed",
      failure: { kind: "timeout", type: "HeartbeatTimeout" },
    });
  });

  test("that nobody is asked for now are refused, by name", async () => {
    const run = startDag(training, { now });
    expect(() => run.completeToken("train")).toThrow(
      'Task "train" does not wait for its token: it is none.',
    );
    await run.advance("0s");
    expect(() => run.answer("train", {})).toThrow(
      'Task "train" does not wait for an answer: it waits for its token.',
    );
    expect(() => run.completeToken("other")).toThrow(
      expect.objectContaining({ reason: "TASK_NOT_FOUND" }),
    );
  });
});

describe("people", () => {
  test("answer what fits the form, with its defaults filled in", async () => {
    const run = startDag(asking, { now });
    await run.advance("3d");
    expect(run.task("ask").state).toBe("awaiting_input");
    expect(run.task("say").explain).toMatchObject([
      { kind: "upstream", message: expect.stringContaining("ask (waits for a person)") as string },
    ]);
    expect(() => run.answer("ask", { publish: "yes" })).toThrow(
      'The answer to task "ask" does not fit its form: values.publish must be boolean.',
    );
    run.answer("ask", { publish: true }, { by: "user:anna" });
    await run.finish();
    expect(run.result).toEqual({
      values: { publish: true, copies: 1 },
      by: "user:anna",
      at: new Date("2026-01-04T00:00Z"),
    });
  });

  test("who are not asked are refused", async () => {
    const assignees = ["user:anna"];
    const only = task(function only() {
      return defer(trigger.input({ subject: "Publish?", schema: form, assignees }));
    });
    const run = startDag(
      dag("asking", {}, () => void only()),
      { now },
    );
    await run.advance("0s");
    expect(() => run.answer("only", { publish: true }, { by: "user:ben" })).toThrow(
      expect.objectContaining({ reason: "INPUT_NOT_YOURS" }),
    );
    run.answer("only", { publish: true });
    expect(run.xcom("only")).toMatchObject({ by: "user:anna" });
  });

  test("who do not answer in time leave the defaults", async () => {
    const hasty = task(function hasty() {
      const defaults = { publish: false };
      return defer(trigger.input({ subject: "Publish?", schema: form, defaults }), {
        timeout: "1d",
      });
    });
    const run = await runDag(
      dag("asking", {}, () => say(hasty())),
      { now },
    );
    expect(run.result).toEqual({
      values: { publish: false, copies: 1 },
      by: "timeout",
      at: new Date("2026-01-02T00:00Z"),
    });
  });
});

describe("triggers", () => {
  const poll = task({ retries: 1 }, function poll() {
    return defer(trigger.http({ url: "https://a.test/jobs/7?key=secret" }));
  });
  const polling = dag("polling", {}, () => say(poll().get("body")));

  test("fire when the test says so", async () => {
    const run = startDag(polling, { now });
    await run.advance("1h");
    expect(run.task("poll").explain).toMatchObject([
      { kind: "deferred", evidence: { for: "watch", handler: "http" } },
    ]);
    run.fire("poll", { status: 200, body: "done" });
    await run.finish();
    expect(run.result).toBe("done");
    expect(run.task("poll").attempts).toBe(1);
  });

  test("may fail, which is a failure of the try", async () => {
    const run = startDag(polling, { now });
    await run.advance("0s");
    run.fire("poll", fail("410 Gone"));
    expect(run.task("poll")).toMatchObject({ state: "up_for_retry", attempts: 1 });
    await run.advance("5m");
    run.fire("poll", fail(new FailTask("410 Gone")));
    expect(run.task("poll").state).toBe("failed");
  });

  test("that bring a list give others something to be mapped over", async () => {
    const list = task(function list() {
      return defer(trigger.custom<string[]>("queue", { name: "q" }, "a batch"));
    });
    const batches = dag("batches", {}, () => void say(each(list())));
    const run = startDag(batches, { now });
    await run.advance("0s");
    run.fire("list", ["a", "b"]);
    await run.finish();
    expect(run.task("say").value).toEqual(["a", "b"]);
  });
});

describe("a wait", () => {
  test("that takes too long is a timeout of the try", async () => {
    const run = startDag(training, {
      now,
      outcomes: { train: defers(trigger.token(), { timeout: "2h" }) },
    });
    await run.finish();
    expect(run.task("train")).toMatchObject({
      state: "failed",
      attempts: 2,
      failure: { kind: "timeout", message: "Waited longer than its timeout of 2 h." },
    });
    expect(run.now).toEqual(new Date("2026-01-01T04:01Z"));
  });

  test("is one of each instance of a mapped task", async () => {
    const job = task(function job(_name: string) {
      return defer(trigger.token<number>());
    });
    const run = startDag(
      dag("jobs", {}, () => say(job(each(["a", "b"])))),
      { now },
    );
    await run.advance("0s");
    expect(() => run.completeToken("job", 1)).toThrow('Task "job" is mapped');
    run.completeToken({ taskId: "job", mapIndex: 1 }, 2);
    expect(run.task("job").instances.map(({ state }) => state)).toEqual(["deferred", "success"]);
    run.completeToken({ taskId: "job", mapIndex: 0 }, 1);
    await run.finish();
    expect(run.result).toEqual([1, 2]);
  });

  test("is over for a branch when it goes on and chooses", async () => {
    const choose = branch(
      { resume: ({ publish }: { publish: boolean }) => (publish ? "yes" : "no") },
      function choose() {
        return defer(trigger.token<{ publish: boolean }>());
      },
    );
    const picked: string[] = [];
    const yes = task(function yes() {
      picked.push("yes");
    });
    const no = task(function no() {
      picked.push("no");
    });
    const choosing = dag("choosing", {}, () => {
      choice(choose()).cases({ yes: () => yes(), no: () => no() });
    });
    await runDag(choosing, { now, events: { choose: ok({ publish: false }) } });
    expect(picked).toEqual(["no"]);
  });

  test("of a sensor ends it, within what is left of its time", async () => {
    const look = sensor({ id: "look", timeout: "1h", retries: 3 }, () =>
      defer(trigger.file({ path: "/data/in.csv" })),
    );
    const run = startDag(
      dag("looking", {}, () => say(look())),
      { now },
    );
    await run.advance("30m");
    run.fire("look", { path: "/data/in.csv", size: 1, modifiedAt: new Date(0) });
    await run.finish();
    expect(run.result).toMatchObject({ size: 1 });
    const late = startDag(
      dag("looking", {}, () => say(look())),
      { now },
    );
    await late.finish();
    expect(late.task("look")).toMatchObject({ state: "failed", attempts: 1 });
    expect(late.now).toEqual(new Date("2026-01-01T01:00Z"));
  });

  test("of a sensor that then looks again leaves it the rest of its time", async () => {
    const looks: string[] = [];
    const at = (what: string): void => void looks.push(`${what} ${context().now().toISOString()}`);
    const look = sensor(
      {
        ...{ id: "look", timeout: "1h", interval: "20m", mode: "reschedule" },
        resume: () => {
          at("resumes");
          return false;
        },
      },
      () => {
        at("looks");
        return looks.length === 1 ? defer(trigger.after("30m")) : false;
      },
    );
    const run = startDag(
      dag("looking", {}, () => void look()),
      { now },
    );
    await run.finish();
    expect(looks).toEqual([
      "looks 2026-01-01T00:00:00.000Z",
      "resumes 2026-01-01T00:30:00.000Z",
      "looks 2026-01-01T00:50:00.000Z",
      "looks 2026-01-01T01:10:00.000Z",
    ]);
    expect(run.task("look").failure).toMatchObject({ type: "SensorTimeout" });
  });

  test("is forgotten when the task is cleared, and skipped when the run is cancelled", async () => {
    const run = startDag(training, { now });
    await run.advance("0s");
    run.clear({ tasks: ["train"] });
    await run.advance("0s");
    expect(run.task("train")).toMatchObject({ state: "deferred", attempts: 2 });
    run.cancel();
    expect(run.task("train").state).toBe("skipped");
    expect(run.state).toBe("failed");
  });
});

describe("what the test says beforehand", () => {
  test("comes by itself, at its time", async () => {
    const events = { train: [fail("lost the job"), after("30s", ok({ score: 9 }))] };
    const done = await runDag(training, { now, events });
    expect(done.result).toEqual(["j-7", 9]);
    expect(done.task("train").attempts).toBe(3);
  });

  test("may depend on what is asked, and has to fit the form", async () => {
    const subjects: string[] = [];
    const events = {
      ask: ({ kind, summary }: { kind: string; summary: string }) => {
        subjects.push(`${kind}: ${summary}`);
        return ok({ publish: true });
      },
    };
    const done = await runDag(asking, { now, events });
    expect(done.result).toMatchObject({ values: { publish: true, copies: 1 } });
    expect(subjects).toEqual(["input: Publish?"]);
    await expect(runDag(asking, { events: { ask: ok({ publish: 1 }) } })).rejects.toThrow(
      "values.publish must be boolean",
    );
    await expect(runDag(asking, { events: { asks: ok() } })).rejects.toThrow(
      'events names the task "asks"',
    );
  });

  test("is asked for, with a word on how, where a run would wait for ever", async () => {
    await expect(runDag(asking, { now })).rejects.toThrow(
      expect.objectContaining({
        reason: "NOBODY_ANSWERS",
        message:
          'The run of DAG "asking" waits for what time does not bring: ask for an answer to "Publish?". Say what comes with the ' +
          "option events, such as { events: { ask: ok(…) } }; or lead the run with startDag, and use answer, completeToken and fire.",
      }),
    );
    const run = startDag(asking, { now });
    await expect(run.finish()).rejects.toThrow('"Publish?"');
    run.answer("ask", { publish: true });
    await run.finish();
    expect(run.state).toBe("success");
  });

  test("of outcomes: a deferral, then what goes on after it", async () => {
    const run = startDag(training, {
      now,
      outcomes: {
        train: [
          defers(trigger.token(), { state: { n: 1 } }),
          (event: JobDone, state: { n: number }) => ok(event.score + state.n),
        ],
      },
    });
    await run.advance("0s");
    run.completeToken("train", { score: 1 });
    await run.finish();
    expect(run.result).toBe(2);
    const own = startDag(training, {
      outcomes: { train: defers(trigger.token(), { state: { job: "x" } }) },
      events: { train: ok({ score: 5 }) },
    });
    await own.finish();
    expect(own.result).toEqual(["x", 5]);
  });
});
