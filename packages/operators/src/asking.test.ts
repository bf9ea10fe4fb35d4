import { dag, task, type TaskContext } from "@millrace/sdk";
import {
  bodyOf,
  deferralOf,
  outcomeOfThrown,
  resolveArgs,
  resumeOf,
  runInContext,
  valueOfRun,
  type RunFacts,
} from "@millrace/sdk/spec";
import { describe, expect, test } from "vitest";
import { approval, askInput, httpSensor, type ApprovalOptions } from "./index.ts";

const facts: RunFacts = {
  id: "run_1",
  name: "manual__1",
  dagId: "d",
  type: "manual",
  dagVersion: 1,
  logicalDate: new Date(0),
  dataInterval: { start: null, end: null },
  runAfter: new Date(0),
  partitionKey: null,
  params: { version: "4.1 & more" },
};

const lines: [string, unknown][] = [];
const context = {
  run: valueOfRun(facts),
  task: { id: "t", mapIndex: null, mapLength: null },
  attempt: { number: 1, max: 1 },
  params: facts.params,
  log: { info: (message: string, fields: unknown) => lines.push([message, fields]) },
} as unknown as TaskContext;

/** What the last task of a DAG asks for, where the tasks before it returned these. */
async function asks(wire: () => void, inputs: Record<string, unknown> = {}) {
  const definition = dag("d", {}, wire);
  const spec = definition.spec().tasks.at(-1);
  const args = resolveArgs(spec?.args ?? "[]", new Map(Object.entries(inputs)), facts);
  const body = bodyOf(definition, spec?.id ?? "");
  const request = deferralOf(await runInContext(context, () => body(...args)));
  const resume = resumeOf(definition, spec?.id ?? "");
  const goOn = (event: unknown) => runInContext(context, () => resume?.(event, undefined));
  return { spec, request, goOn };
}

/** What is asked, of an approval or an input. */
async function formOf(wire: () => void, inputs?: Record<string, unknown>) {
  const { request } = await asks(wire, inputs);
  if (request?.trigger.kind !== "input") throw new Error("It asks nothing.");
  return { ...request, form: request.trigger.form };
}

const count = task(function count() {
  return 3;
});

describe("askInput", () => {
  const schema = { type: "object", properties: { copies: { type: "integer" } } } as const;

  test("asks with subject and text rendered, and is worth what was given", async () => {
    const wire = () =>
      void askInput({
        id: "copies",
        subject: "Copies\n of {{ params.version }}?",
        body: "{{ data.rows }} rows of **{{ ds }}**",
        data: { rows: count() },
        schema,
        assignees: ["user:anna"],
        retries: 2,
      });
    const { form, timeoutMs, onTimeout } = await formOf(wire, { count: 3 });
    expect(form).toMatchObject({
      subject: "Copies of 4.1 & more?",
      body: "3 rows of **1970-01-01**",
      assignees: ["user:anna"],
      defaults: null,
    });
    expect(JSON.parse(form.schema)).toEqual(schema);
    expect([timeoutMs, onTimeout]).toEqual([null, null]);
    const { spec, goOn } = await asks(wire, { count: 3 });
    expect(spec).toMatchObject({ id: "copies", retries: 2, control: "none" });
    expect(goOn({ values: { copies: 2 }, by: "user:a", at: new Date(0) })).toEqual({ copies: 2 });
  });

  test("keeps what is said about time", async () => {
    const wire = () =>
      void askInput({
        id: "copies",
        subject: "?",
        schema,
        defaults: { copies: 1 },
        timeout: "1h",
        onTimeout: "skip",
      });
    const { form, timeoutMs, onTimeout } = await formOf(wire);
    expect([form.defaults, timeoutMs, onTimeout]).toEqual([{ copies: 1 }, 3_600_000, "skip"]);
  });

  test("cuts a subject that is too long, and refuses a variable that does not exist", async () => {
    const long = () => void askInput({ id: "a", subject: "a".repeat(300), schema });
    expect((await formOf(long)).form.subject).toHaveLength(250);
    const unknown = () => void askInput({ id: "a", subject: "{{ data.nope }}", schema });
    await expect(asks(unknown)).rejects.toThrow("nope");
  });
});

describe("approval", () => {
  const ask = (more: Partial<ApprovalOptions> = {}) =>
    asks(() => void approval({ id: "release", subject: "Release?", ...more }));
  const said = (decision: string, comment?: string) => ({
    values: { decision, ...(comment !== undefined && { comment }) },
    by: "user:anna",
    at: new Date(0),
  });

  test("goes on or not, and tells the log who decided", async () => {
    const { spec, goOn } = await ask({ skipsDirectOnly: true });
    expect(spec).toMatchObject({ control: "short_circuit", skipsDirectOnly: true });
    expect(goOn(said("approve"))).toBe(true);
    expect(goOn(said("reject", "too early"))).toBe(false);
    expect(lines.slice(-2)).toEqual([
      ["approved by user:anna", {}],
      ["rejected by user:anna", { comment: "too early" }],
    ]);
  });

  test("fails for good when told to", async () => {
    const { goOn } = await ask({ failOnReject: true });
    expect(goOn(said("approve"))).toBe(true);
    let thrown: unknown;
    try {
      goOn(said("reject", "too early"));
    } catch (error) {
      thrown = error;
    }
    expect(outcomeOfThrown(thrown)).toMatchObject({
      failure: { retryable: false, message: "rejected by user:anna: too early" },
    });
  });

  test("takes an answer, or an outcome, when nobody gives one in time", async () => {
    const taken = (await ask({ timeout: "1d", onTimeout: "reject" })).request;
    expect(taken).toMatchObject({
      timeoutMs: 86_400_000,
      onTimeout: null,
      trigger: { form: { defaults: { decision: "reject" } } },
    });
    const skipped = (await ask({ timeout: "1d", onTimeout: "skip" })).request;
    expect(skipped).toMatchObject({ onTimeout: "skip", trigger: { form: { defaults: null } } });
  });
});

describe("httpSensor", () => {
  test("waits for a URL, with values as parts of it", async () => {
    const wire = () =>
      void httpSensor({
        url: "https://a.example/{{ data.job }}/x?v={{ params.version }}",
        method: "POST",
        body: '{"rows": {{ data.rows }}, "v": {{ params.version | json }}}',
        data: { job: "a/b?c", rows: count() },
        interval: "5s",
        status: 200,
        timeout: "2h",
        softFail: true,
      });
    const { spec, request } = await asks(wire, { count: 3 });
    expect(spec).toMatchObject({
      id: "http_sensor",
      sensor: { timeoutMs: 7_200_000, softFail: true },
    });
    expect(request?.trigger).toMatchObject({
      handler: "http",
      config: {
        url: "https://a.example/a%2Fb%3Fc/x?v=4.1%20%26%20more",
        method: "POST",
        body: '{"rows": 3, "v": "4.1 & more"}',
        intervalMs: 5000,
        status: [200],
      },
    });
  });
});
