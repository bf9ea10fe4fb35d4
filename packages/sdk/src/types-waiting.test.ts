/** What compiles and what does not of deferrals and triggers; as `types.test.ts`, `tsc` is the judge. */

import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  branch,
  choice,
  Branch,
  Dag,
  dag,
  defer,
  done,
  each,
  gate,
  sensor,
  Sensor,
  shortCircuit,
  ShortCircuit,
  Task,
  task,
  trigger,
} from "./index.ts";
import type {
  Deferred,
  FileEvent,
  Handle,
  HttpEvent,
  InputAnswer,
  MappedHandle,
  Tasks,
  Trigger,
} from "./index.ts";

type JobDone = { score: number };
type Job = { jobId: string };

const sum = task(function sum(scores: readonly number[]): number {
  return scores.length;
});
const say = task(function say(_text: string): void {});

/** Wires in a DAG that is compiled, so that what compiles is shown to run too. */
function wires(wire: () => void): void {
  expect(dag("checked", {}, wire).spec().tasks.length).toBeGreaterThan(0);
}

describe("triggers", () => {
  test("say what they bring", () => {
    expectTypeOf(trigger.at(new Date())).toEqualTypeOf<Trigger<undefined>>();
    expectTypeOf(trigger.after("10m")).toEqualTypeOf<Trigger<undefined>>();
    expectTypeOf(trigger.token<JobDone>({ heartbeat: "1m" })).toEqualTypeOf<Trigger<JobDone>>();
    expectTypeOf(trigger.token()).toEqualTypeOf<Trigger<unknown>>();
    expectTypeOf(trigger.http({ url: "https://a.example" })).toEqualTypeOf<Trigger<HttpEvent>>();
    expectTypeOf(trigger.file({ path: "/a" })).toEqualTypeOf<Trigger<FileEvent>>();
    expectTypeOf(trigger.custom<JobDone>("queue", { n: 1 }, "a job")).toEqualTypeOf<
      Trigger<JobDone>
    >();
    const asked = trigger.input({
      subject: "Publish?",
      schema: z.object({ region: z.enum(["eu", "us"]), copies: z.number().default(1) }),
      defaults: { region: "eu" },
    });
    expectTypeOf(asked).toEqualTypeOf<
      Trigger<InputAnswer<{ region: "eu" | "us"; copies: number }>>
    >();
    const plain = trigger.input({
      subject: "Publish?",
      schema: {
        type: "object",
        properties: { ok: { type: "boolean" } },
        required: ["ok"],
      },
    });
    expectTypeOf(plain).toEqualTypeOf<Trigger<InputAnswer<{ ok: boolean }>>>();
  });

  test("wrong ones do not compile", () => {
    const wrong = (): void => {
      // @ts-expect-error no URL
      trigger.http({ interval: "5s" });
      // @ts-expect-error an option that only other triggers have
      trigger.http({ url: "https://a.example", heartbeat: "5s" });
      // @ts-expect-error a file without a path
      trigger.file({});
      // @ts-expect-error a number is no duration
      trigger.after(5);
      // @ts-expect-error a form without a schema
      trigger.input({ subject: "Publish?" });
      // @ts-expect-error defaults of another type
      trigger.input({ subject: "?", schema: z.object({ n: z.number() }), defaults: { n: "1" } });
      // @ts-expect-error a custom trigger without what people read
      trigger.custom("queue", {});
    };
    expectTypeOf(wrong).toBeFunction();
  });
});

describe("tasks that defer", () => {
  test("have the event as their value, beside what the body returns", () => {
    wires(() => {
      const waits = task(async function waits(_rows: number[]) {
        return defer(trigger.token<JobDone>({ heartbeat: "1m" }), { timeout: "2h" });
      });
      expectTypeOf(waits([1])).toEqualTypeOf<Handle<JobDone>>();
      expectTypeOf(waits([1]).get("score")).toEqualTypeOf<Handle<number>>();
      expectTypeOf(waits(each([[1], [2]]))).toEqualTypeOf<MappedHandle<JobDone>>();
      const maybe = task(function maybe(isKnown: boolean) {
        return isKnown ? "known" : defer(trigger.http({ url: "https://a.example" }));
      });
      expectTypeOf(maybe(true)).toEqualTypeOf<Handle<"known" | HttpEvent>>();
      const rests = task(function rests() {
        return defer(trigger.after("10m"), { onTimeout: "skip" });
      });
      expectTypeOf(rests()).toEqualTypeOf<Handle<undefined>>();
    });
  });

  test("with resume have what it returns, and it knows what it gets", () => {
    wires(() => {
      const train = task(
        { retries: 2, resume: (event: JobDone, state: Job) => event.score + state.jobId.length },
        async function train(_rows: number[]) {
          return defer(trigger.token<JobDone>(), { state: { jobId: "j" } });
        },
      );
      expectTypeOf(train([1])).toEqualTypeOf<Handle<number>>();
      const untold = task(
        {
          resume: (event, state) => {
            expectTypeOf(event).toEqualTypeOf<JobDone>();
            expectTypeOf(state).toEqualTypeOf<Job>();
            return [event.score];
          },
        },
        async function untold() {
          return defer(trigger.token<JobDone>(), { state: { jobId: "j" } });
        },
      );
      expectTypeOf(sum(untold())).toEqualTypeOf<Handle<number>>();
      const sometimes = task({ resume: async () => 1 }, function sometimes(isThere: boolean) {
        return isThere ? "there" : defer(trigger.after("1m"));
      });
      expectTypeOf(sometimes(true)).toEqualTypeOf<Handle<"there" | number>>();
      const renamed = train.with({ id: "again", retries: 3 });
      expectTypeOf(renamed([2])).toEqualTypeOf<Handle<number>>();
    });
  });

  test("may defer again in resume", () => {
    wires(() => {
      const polls = task(
        {
          resume: (event: JobDone | undefined, state: { looks: number }) =>
            event === undefined || event.score < 0
              ? defer(trigger.after("1m"), { state: { looks: state.looks + 1 } })
              : { score: event.score, looks: state.looks },
        },
        function polls() {
          return defer(trigger.token<JobDone>(), { state: { looks: 0 } });
        },
      );
      expectTypeOf(polls()).toEqualTypeOf<Handle<{ score: number; looks: number }>>();
    });
  });

  test("wrong ones do not compile", () => {
    const wrong = (): void => {
      const waits = task(function waits() {
        return defer(trigger.token<JobDone>());
      });
      // @ts-expect-error the event is no text
      say(waits());
      // @ts-expect-error resume takes another event
      task({ resume: (event: string) => event }, function other() {
        return defer(trigger.token<JobDone>());
      });
      // @ts-expect-error resume takes another state
      task({ resume: (_event: JobDone, state: { job: string }) => state.job }, function state() {
        return defer(trigger.token<JobDone>(), { state: { jobId: "j" } });
      });
      // @ts-expect-error resume takes a state, and none is left for it
      task({ resume: (_event: JobDone, state: Job) => state.jobId }, function stateless() {
        return defer(trigger.token<JobDone>());
      });
      // @ts-expect-error resume defers again for what it does not take
      task({ resume: (_event: JobDone) => defer(trigger.after("1m")) }, function again() {
        return defer(trigger.token<JobDone>());
      });
      // @ts-expect-error resume without a body that defers
      task({ resume: () => 1 }, function never() {
        return 1;
      });
      // @ts-expect-error a state that cannot be carried
      defer(trigger.after("1m"), { state: () => 1 });
      // @ts-expect-error a value of resume that cannot be carried
      task({ resume: () => () => 1 }, function uncarried() {
        return defer(trigger.after("1m"));
      });
      // @ts-expect-error an outcome that does not exist
      defer(trigger.after("1m"), { onTimeout: "succeed" });
      // @ts-expect-error a duration is no trigger
      defer("10m");
      // @ts-expect-error defaults of a DAG have no resume
      dag("d", { defaults: { resume: () => 1 } }, () => {});
      const resumed = task({ resume: () => 1 }, function resumed() {
        return defer(trigger.after("1m"));
      });
      // @ts-expect-error another resume of another type
      resumed.with({ resume: () => "one" });
    };
    expectTypeOf(wrong).toBeFunction();
  });
});

describe("branches and gates that defer", () => {
  test("answer with resume", () => {
    wires(() => {
      const pick = branch(
        { resume: (event: { size: number }) => (event.size > 1 ? "big" : "small") },
        function pick(isKnown: boolean) {
          return isKnown ? "big" : defer(trigger.token<{ size: number }>());
        },
      );
      choice(pick(true)).cases({ big: () => say("b"), small: () => say("s") });
      const open = shortCircuit(
        { resume: (event: InputAnswer<{ ok: boolean }>) => event.values.ok },
        function open() {
          return defer(trigger.input({ subject: "?", schema: z.object({ ok: z.boolean() }) }));
        },
      );
      expectTypeOf(gate(open()).then(() => sum([1]))).toEqualTypeOf<Handle<number>>();
    });
  });

  test("wrong ones do not compile", () => {
    const wrong = (): void => {
      // @ts-expect-error a branch that defers without resume
      branch(function waits() {
        return defer(trigger.token<"big" | "small">());
      });
      // @ts-expect-error a short circuit that defers without resume
      shortCircuit(function waits() {
        return defer(trigger.token<boolean>());
      });
      // @ts-expect-error a resume that answers any text
      branch({ resume: (event: string) => event }, function waits() {
        return defer(trigger.token<string>());
      });
      // @ts-expect-error a resume that answers neither yes nor no
      shortCircuit({ resume: () => "yes" }, function waits() {
        return defer(trigger.after("1m"));
      });
      const pick = branch({ resume: () => "late" as const }, function pick() {
        return defer(trigger.after("1m"));
      });
      // @ts-expect-error a missing case
      choice(pick()).cases({ early: () => say("e") });
    };
    expectTypeOf(wrong).toBeFunction();
  });
});

describe("sensors that defer", () => {
  test("have the event as their value, beside what they are done with", () => {
    wires(() => {
      const file = sensor({ timeout: "2h", softFail: true }, async function file(path: string) {
        return path === "" ? done({ path }) : defer(trigger.file({ path }));
      });
      expectTypeOf(file("a")).toEqualTypeOf<Handle<{ path: string } | FileEvent>>();
      const looks = sensor(
        { resume: (event: HttpEvent) => (event.body === "no" ? false : done(event.status)) },
        function looks() {
          return defer(trigger.http({ url: "https://a.example" }));
        },
      );
      expectTypeOf(looks()).toEqualTypeOf<Handle<number>>();
    });
  });

  test("wrong ones do not compile", () => {
    const wrong = (): void => {
      // @ts-expect-error resume answers as a sensor does
      sensor({ resume: (event: HttpEvent) => event.status }, function looks() {
        return defer(trigger.http({ url: "https://a.example" }));
      });
    };
    expectTypeOf(wrong).toBeFunction();
  });
});

test("methods defer as functions do, and say what resume makes of it", () => {
  @Dag()
  class Training {
    @Task()
    async waits(_name: string) {
      return defer(trigger.token<JobDone>());
    }

    @Task({ resume: (event: JobDone, state: Job) => `${state.jobId}: ${event.score}` })
    async trains(): Promise<Deferred<JobDone, Job, string>> {
      return defer(trigger.token<JobDone>(), { state: { jobId: "j" } });
    }

    @Branch({ resume: (event: boolean) => (event ? "yes" : "no") })
    asks(): Deferred<boolean, undefined, "yes" | "no"> {
      return defer(trigger.token<boolean>());
    }

    @ShortCircuit({ resume: (event: boolean) => event })
    passes() {
      return defer(trigger.token<boolean>());
    }

    @Sensor({ mode: "reschedule" })
    looks() {
      return defer(trigger.file({ path: "/a" }));
    }

    wire(t: Tasks<Training>) {
      expectTypeOf(t.waits("a")).toEqualTypeOf<Handle<JobDone>>();
      expectTypeOf(t.trains()).toEqualTypeOf<Handle<string>>();
      choice(t.asks()).cases({ yes: () => t.waits("b"), no: () => say("no") });
      gate(t.passes()).then(() => say("go"));
      expectTypeOf(t.looks()).toEqualTypeOf<Handle<FileEvent>>();
      // @ts-expect-error the event is no number
      const wrong = (): unknown => sum(t.waits("c"));
      expectTypeOf(wrong).toBeFunction();
    }
  }
  expect(Training).toBeTypeOf("function");

  class Wrong {
    // @ts-expect-error the method does not say what resume returns
    @Task({ resume: (event: JobDone) => `${event.score}` })
    async untold() {
      return defer(trigger.token<JobDone>());
    }

    // @ts-expect-error it says something that is not what the trigger brings
    @Task()
    async lies(): Promise<Deferred<JobDone, undefined, number>> {
      return defer(trigger.token<JobDone>());
    }

    // @ts-expect-error resume takes another event
    @Task({ resume: (event: string) => ({ score: event.length }) })
    async other() {
      return defer(trigger.token<JobDone>());
    }

    // @ts-expect-error a branch that defers without resume
    @Branch()
    waits() {
      return defer(trigger.token<"a">());
    }
  }
  expect(Wrong).toBeTypeOf("function");
});
