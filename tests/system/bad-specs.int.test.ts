/** DagSpecs made by hand, past every check of an SDK: what is wrong is named, and the rest goes on. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { DagSpecSchema, RunState, TaskKind, type TaskSpecSchema } from "@millrace/wire/v1";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startUp, type Millrace } from "./millrace.ts";

const dags = fileURLToPath(new URL("./good", import.meta.url));
const folder = "by-hand";

let millrace: Millrace;

beforeAll(async () => {
  millrace = await startUp({ dags });
  await millrace.api.dagsAre(1);
});

afterAll(() => millrace?.[Symbol.asyncDispose]());

type Spec = MessageInitShape<typeof DagSpecSchema>;
type Task = MessageInitShape<typeof TaskSpecSchema>;

const external = (taskId: string, more: Omit<Task, "$typeName"> = {}): Task => ({
  taskId,
  kind: TaskKind.EXTERNAL,
  handler: "elsewhere",
  ...more,
});

const json = (value: unknown): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(JSON.stringify(value));
const resultOf = (id: string) => ({ $: "task", id, path: [] });

/** Registers the DAGs; what was refused, by file. */
async function refusals(...specs: Spec[]): Promise<Record<string, string>> {
  const { errors } = await millrace.api.dags.registerDags({
    requestId: randomUUID(),
    folder,
    dags: specs.map((spec) => create(DagSpecSchema, spec)),
  });
  return Object.fromEntries(errors.map(({ file, message }) => [file, message]));
}

const good: Spec = { dagId: "good_by_hand", file: "good.json", tasks: [external("only")] };

test.each<[string, Spec, RegExp]>([
  [
    "a cycle, as a path",
    {
      dagId: "cyclic",
      file: "bad.json",
      tasks: [external("a"), external("b"), external("c")],
      edges: [
        { fromTaskId: "a", toTaskId: "b" },
        { fromTaskId: "b", toTaskId: "c" },
        { fromTaskId: "c", toTaskId: "a" },
      ],
    },
    /cyclic.*(a → b → c → a|b → c → a → b|c → a → b → c)/s,
  ],
  [
    "a task id used twice",
    { dagId: "doubled", file: "bad.json", tasks: [external("twin"), external("twin")] },
    /doubled.*twin/s,
  ],
  [
    "an edge to a task that is not there",
    {
      dagId: "dangling",
      file: "bad.json",
      tasks: [external("a")],
      edges: [{ fromTaskId: "a", toTaskId: "nowhere" }],
    },
    /dangling.*nowhere/s,
  ],
  [
    "a wrong type at an edge, with both types",
    {
      dagId: "mistyped",
      file: "bad.json",
      tasks: [
        external("count", { resultSchema: '{"type":"integer"}' }),
        external("greet", { args: json([resultOf("count")]), argSchemas: ['{"type":"string"}'] }),
      ],
      edges: [{ fromTaskId: "count", toTaskId: "greet" }],
    },
    /mistyped.*greet.*takes string.*"count" gives integer/s,
  ],
  [
    "a malformed cron expression, with the field",
    {
      dagId: "ill_timed",
      file: "bad.json",
      tasks: [external("a")],
      schedule: { kind: { case: "cron", value: { expressions: ["61 * * * *"] } } },
    },
    /ill_timed.*61/s,
  ],
  [
    "an unknown time zone",
    {
      dagId: "misplaced",
      file: "bad.json",
      tasks: [external("a")],
      schedule: {
        kind: { case: "cron", value: { expressions: ["@daily"], timezone: "Mars/Olympus" } },
      },
    },
    /misplaced.*Mars\/Olympus/s,
  ],
  ["no task at all", { dagId: "empty", file: "bad.json" }, /empty.*task/s],
  [
    "a params schema that is none",
    {
      dagId: "shapeless",
      file: "bad.json",
      tasks: [external("a")],
      paramsSchema: '{"type":"wish"}',
    },
    /shapeless.*schema/s,
  ],
])("refused by hand: %s; the DAG beside it is taken", async (_, spec, message) => {
  const refused = await refusals(spec, good);
  expect(Object.keys(refused)).toEqual(["bad.json"]);
  expect(refused["bad.json"]).toMatch(message);
  const { dags: registered } = await millrace.api.dags.listDags({});
  expect(registered.map(({ dagId }) => dagId)).toEqual(["good", "good_by_hand"]);
  const { errors } = await millrace.api.dags.listImportErrors({});
  expect(errors).toMatchObject([{ folder, file: "bad.json", message: refused["bad.json"] }]);
  expect((await millrace.api.run("good")).state).toBe(RunState.SUCCESS);
});

test("two DAGs of one id in a registration: the second is named", async () => {
  const again: Spec = { ...good, file: "again.json" };
  expect((await refusals(good, again))["again.json"]).toMatch(/good_by_hand.*twice/);
});

test("a DAG id that another folder has is refused, and that one stays", async () => {
  expect((await refusals({ ...good, dagId: "good", file: "thief.json" }))["thief.json"]).toMatch(
    /"good".*folder/,
  );
  expect((await millrace.api.run("good")).state).toBe(RunState.SUCCESS);
});

test.each([
  ["above the limit of params", 70 * 1024],
  ["above the limit of values", 300 * 1024],
])("params %s are refused, naming size and limit", async (_, bytes) => {
  const error = await millrace.api
    .trigger("good", { note: "x".repeat(bytes) })
    .catch((reason: unknown) => ConnectError.from(reason));
  expect(error).toBeInstanceOf(ConnectError);
  const { code, rawMessage } = error as ConnectError;
  expect(code).toBe(Code.InvalidArgument);
  expect(rawMessage).toMatch(/params has \d+ bytes; the limit is 65536/);
  expect((await millrace.api.run("good")).state).toBe(RunState.SUCCESS);
});
