import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { TaskState } from "@millrace/engine";
import { attemptIdOf, runIdOf } from "@millrace/wire";
import {
  AssetEventSource,
  AssetGraphEdgeKind,
  AssetService,
  DagService,
  RunType,
  type AssetExpressionSchema,
  type AssetOrAliasSchema,
} from "@millrace/wire/v1";
import type { ReadAssetEventsRequest, ReadAssetEventsRequestSchema } from "@millrace/wire/worker";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { reasonOf, refusalOf } from "../testing/errors.ts";
import { startFakeOwner, type FakeOwner } from "../testing/fake-owner.ts";
import { beginRun, putInstance } from "../testing/instances.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";
import { openTestSession } from "../testing/test-worker.ts";

let api: TestApi;
let owner: FakeOwner;
/** In every uri and id, so that tests share nothing. */
let at: string;
let serial = 0;
beforeAll(async () => {
  api = await startTestApi();
  owner = startFakeOwner(api);
});
afterAll(async () => {
  owner.stop();
  await api[Symbol.asyncDispose]();
});
beforeEach(() => {
  at = `t${++serial}`;
});

type Of = MessageInitShape<typeof AssetOrAliasSchema>;
type Expression = MessageInitShape<typeof AssetExpressionSchema>;

const asset = (uri: string, more: { name?: string; group?: string; extra?: string } = {}) =>
  ({ kind: { case: "asset", value: { uri: `${at}/${uri}`, ...more } } }) as const;
const alias = (name: string) =>
  ({ kind: { case: "alias", value: { name: `${at}/${name}` } } }) as const;
const allOf = (...expressions: Expression[]): Expression => ({
  kind: { case: "allOf", value: { expressions } },
});
const atLeast = (count: number, of: Of): Expression => ({
  kind: { case: "atLeast", value: { count, of } },
});

type Shape = { outlets?: Of[]; inlets?: Of[]; on?: Expression };

function aDag(id: string, { outlets = [], inlets = [], on }: Shape = {}) {
  const schedule = on && {
    schedule: { kind: { case: "assets", value: { expression: on } } } as const,
  };
  const spec = chainSpec(`${at}_${id}`, ["t"], { ...schedule });
  const plain = chainSpec("x", ["t"], { tasks: [{ outlets, inlets }] }).tasks[0]!;
  spec.tasks[0]!.outlets = plain.outlets;
  spec.tasks[0]!.inlets = plain.inlets;
  return spec;
}

const register = (...dags: ReturnType<typeof aDag>[]) =>
  api.grpc(DagService).registerDags({ requestId: requestId(), folder: at, dags });

async function registered(...dags: ReturnType<typeof aDag>[]): Promise<void> {
  expect((await register(...dags)).errors).toEqual([]);
}

const assets = () => api.http(AssetService);
const uri = (name: string) => `${at}/${name}`;

/** An event of a task, as a flush makes it. */
async function taskEvent(name: string, dagId: string, runKey: number): Promise<void> {
  await api.db.pool.query(
    `INSERT INTO asset_event (asset_id, source, dag_id, run_id, task_id, map_ix)
     SELECT id, 1, $2, $3, 't', -1 FROM asset WHERE uri = $1`,
    [uri(name), dagId, runKey],
  );
}

describe("registering", () => {
  test("makes the assets that DAGs name; the newest that says more than the uri has the word", async () => {
    const named = asset("a", { name: `${at} orders`, group: "shop", extra: '{"a":1}' });
    await registered(
      aDag("p", { outlets: [named] }),
      aDag("c", { on: asset("a"), inlets: [asset("b")] }),
    );
    const { assets: found, total } = await assets().listAssets({ search: at });
    expect(total).toBe(2);
    expect(found).toMatchObject([
      {
        ...{ uri: uri("a"), name: `${at} orders`, group: "shop", extra: '{"a":1}', isActive: true },
        ...{ producerCount: 1, consumerCount: 1 },
      },
      { uri: uri("b"), name: uri("b"), group: "asset", producerCount: 0, consumerCount: 0 },
    ]);
    const { asset: one } = await assets().getAsset({ asset: `${at} orders` });
    expect(one?.producers).toMatchObject([{ dagId: `${at}_p`, taskId: "t", alias: "" }]);
    expect(one?.consumers).toMatchObject([{ dagId: `${at}_c`, taskId: "", pendingCount: 0 }]);
  });

  test("refuses a name that another asset has, in the same registration and across folders, and keeps the others", async () => {
    const first = aDag("p", { outlets: [asset("a", { name: `${at} n` })] });
    const second = aDag("q", { outlets: [asset("b", { name: `${at} n` })] });
    const { dags, errors } = await register(first, second);
    expect(dags.map(({ dagId }) => dagId)).toEqual([`${at}_p`]);
    expect(errors[0]?.message).toContain(
      `the asset ${uri("b")} has the name "${at} n", which is that of ${uri("a")} (DAG "${at}_p"); give one of them another name`,
    );
    const other = { requestId: requestId(), folder: `${at}_other`, dags: [second] };
    expect((await api.grpc(DagService).registerDags(other)).errors).toHaveLength(1);
  });

  test("lets a DAG give its asset's name to another one", async () => {
    await registered(aDag("p", { outlets: [asset("a", { name: `${at} n` })] }));
    await registered(aDag("p", { outlets: [asset("b", { name: `${at} n` })] }));
    expect((await assets().getAsset({ asset: `${at} n` })).asset?.uri).toBe(uri("b"));
  });

  test("puts assets out of use that nobody names any more; their events stay", async () => {
    await registered(aDag("p", { outlets: [asset("a")] }));
    await assets().createAssetEvent({ requestId: requestId(), asset: uri("a") });
    await registered();
    expect((await assets().listAssets({ search: at })).assets).toEqual([]);
    const all = await assets().listAssets({ search: at, includeInactive: true });
    expect(all.assets).toMatchObject([{ uri: uri("a"), isActive: false }]);
    expect((await assets().listAssetEvents({ asset: uri("a") })).events).toHaveLength(1);
    const again = assets().createAssetEvent({ requestId: requestId(), asset: uri("a") });
    expect(await refusalOf(again)).toMatchObject({
      reason: "ASSET_NOT_FOUND",
      message: expect.stringContaining("in use no more"),
    });
    await registered(aDag("p", { outlets: [asset("a")] }));
    expect((await assets().listAssets({ search: at })).total).toBe(1);
  });

  test("refuses a circle that would never end, also across DAGs and registrations, and names the way", async () => {
    const { errors } = await register(aDag("self", { outlets: [asset("s")], on: asset("s") }));
    expect(errors[0]?.message).toContain(`${at}_self makes ${uri("s")}, which starts ${at}_self`);
    await registered(aDag("x", { outlets: [asset("b")], on: asset("a") }));
    const y = aDag("y", { outlets: [asset("a")], on: asset("b") });
    const other = await api
      .grpc(DagService)
      .registerDags({ requestId: requestId(), folder: `${at}_y`, dags: [y] });
    expect(other.errors[0]?.message).toContain(
      `${at}_y makes ${uri("a")}, which starts ${at}_x; ${at}_x makes ${uri("b")}, which starts ${at}_y. Let one of them wait`,
    );
    const gated = aDag("y", { outlets: [asset("a")], on: allOf(asset("b"), asset("outside")) });
    const next = await api
      .grpc(DagService)
      .registerDags({ requestId: requestId(), folder: `${at}_y`, dags: [gated] });
    expect(next.errors).toEqual([]);
  });

  test("judges what DAGs will be, not what they were", async () => {
    await registered(
      aDag("x", { outlets: [asset("b")], on: asset("a") }),
      aDag("y", { outlets: [asset("c")] }),
    );
    await registered(
      aDag("x", { outlets: [asset("a")], on: asset("b") }),
      aDag("y", { outlets: [asset("b")], on: asset("d") }),
    );
  });

  test("refuses bad assets with a sentence that names field, value and remedy", async () => {
    const { errors } = await register(aDag("bad", { outlets: [asset("a b")] }));
    expect(errors[0]?.message).toContain(
      `tasks["t"].outlets[0].uri is ${at}/a b: a uri has 1 to 1500 printable`,
    );
    const many = await register(aDag("many", { on: atLeast(0, asset("a")) }));
    expect(many.errors[0]?.message).toContain(
      "schedule.assets.atLeast is 0: write a whole number from 1 to 1000",
    );
  });
});

describe("events", () => {
  test("are made by a person, once for each request, and wait for DAGs that are scheduled on the asset", async () => {
    const doorbells: string[] = [];
    const subscription = api.bus.subscribe(
      "assets",
      (data) => void doorbells.push(Buffer.from(data).toString()),
    );
    await registered(
      aDag("c", { on: atLeast(2, asset("a")) }),
      aDag("p", { outlets: [asset("a")] }),
    );
    const request = {
      ...{ requestId: requestId(), asset: uri("a") },
      extra: { data: Buffer.from('{"rows":3}') },
    };
    const { event } = await assets().createAssetEvent(request);
    expect(event).toMatchObject({
      uri: uri("a"),
      source: AssetEventSource.CALLER,
      createdBy: "user:admin",
      mapIndex: -1,
    });
    const again = await assets().createAssetEvent(request);
    expect(again.event?.eventId).toBe(event?.eventId);
    expect(await reasonOf(assets().createAssetEvent({ ...request, asset: `${at}/b` }))).toBe(
      "REQUEST_ID_REUSED",
    );
    expect(doorbells).toHaveLength(1);
    subscription.close();
    const { events } = await assets().listAssetEvents({ asset: uri("a") });
    expect(events).toHaveLength(1);
    expect(Buffer.from(events[0]?.extra?.data ?? []).toString()).toBe('{"rows":3}');
    const { progress, reasons } = await assets().getAssetProgress({ dagId: `${at}_c` });
    expect(progress).toMatchObject({
      isMet: false,
      kind: { value: { uri: uri("a"), have: 1, need: 2 } },
    });
    expect(reasons).toMatchObject([
      {
        message: `Waits for 1 more event of ${uri("a")}; it has 1 of 2.`,
        evidence: { uri: uri("a"), have: "1", need: "2" },
      },
    ]);
    expect((await assets().getAsset({ asset: uri("a") })).asset?.consumers[0]).toMatchObject({
      pendingCount: 1,
    });
  });

  test("are listed newest first, page by page, by asset, source and the run that they made", async () => {
    await registered(
      aDag("p", { outlets: [asset("a"), asset("b")] }),
      aDag("c", { on: asset("a") }),
    );
    const run = await beginRun(api, `${at}_p`);
    const made = await beginRun(api, `${at}_c`);
    for (const name of ["a", "b", "a"]) await taskEvent(name, `${at}_p`, run.runKey);
    await assets().createAssetEvent({ requestId: requestId(), asset: uri("a") });
    const first = await assets().listAssetEvents({ asset: uri("a"), pageSize: 2 });
    expect(first.events.map(({ source }) => source)).toEqual([
      AssetEventSource.CALLER,
      AssetEventSource.TASK,
    ]);
    const second = await assets().listAssetEvents({
      asset: uri("a"),
      pageSize: 2,
      pageToken: first.nextPageToken,
    });
    expect(second).toMatchObject({
      nextPageToken: "",
      events: [{ taskId: "t", runId: runIdOf(run.runKey), dagId: `${at}_p` }],
    });
    expect(
      await reasonOf(assets().listAssetEvents({ asset: uri("b"), pageToken: first.nextPageToken })),
    ).toBe("PAGE_TOKEN_INVALID");
    const ofRun = await assets().listAssetEvents({ sourceRunId: runIdOf(run.runKey) });
    expect(ofRun.events).toHaveLength(3);
    expect(
      (await assets().listAssetEvents({ sourceDagId: `${at}_p`, sourceTaskId: "t" })).events,
    ).toHaveLength(3);
    await api.db.pool.query("INSERT INTO run_asset_event VALUES ($1, $2)", [
      made.runKey,
      Number(ofRun.events[0]!.eventId),
    ]);
    const ofMade = await assets().listAssetEvents({ madeRunId: runIdOf(made.runKey) });
    expect(ofMade.events).toMatchObject([
      {
        eventId: ofRun.events[0]!.eventId,
        madeRuns: [{ dagId: `${at}_c`, runId: runIdOf(made.runKey) }],
      },
    ]);
  });

  test.each<[string, MessageInitShape<typeof AssetService.method.createAssetEvent.input>, string]>([
    ["no asset", {}, "FIELD_INVALID"],
    ["one that is not there", { asset: "nowhere" }, "ASSET_NOT_FOUND"],
    [
      "an extra that is no object",
      { asset: "own", extra: { data: Buffer.from("[1]") } },
      "FIELD_INVALID",
    ],
    [
      "an extra that is no JSON",
      { asset: "own", extra: { data: Buffer.from("{") } },
      "VALUE_INVALID",
    ],
    [
      "too large an extra",
      { asset: "own", extra: { data: Buffer.from(`{"a":"${"x".repeat(70_000)}"}`) } },
      "VALUE_TOO_LARGE",
    ],
  ])("refuse %s", async (_, request, reason) => {
    await registered(aDag("p", { outlets: [asset("own")] }));
    const own = request.asset === "own" ? { asset: uri("own") } : {};
    expect(
      await reasonOf(assets().createAssetEvent({ requestId: requestId(), ...request, ...own })),
    ).toBe(reason);
  });

  test("have no page of negative size, and no task without a DAG or run", async () => {
    expect(await reasonOf(assets().listAssets({ pageSize: -1 }))).toBe("FIELD_INVALID");
    expect(await reasonOf(assets().listAssetEvents({ sourceTaskId: "t" }))).toBe("FIELD_INVALID");
    expect(await reasonOf(assets().listAssetEvents({ madeRunId: "run_zzzzz" }))).toBe(
      "RUN_NOT_FOUND",
    );
  });
});

describe("materialising", () => {
  test("runs the one DAG that makes the asset, once for each request", async () => {
    await registered(aDag("p", { outlets: [asset("a")] }));
    const request = { requestId: requestId(), asset: uri("a"), note: "again" };
    const { run } = await assets().materializeAsset(request);
    expect(run).toMatchObject({
      dagId: `${at}_p`,
      runType: RunType.ASSET_MATERIALIZATION,
      note: "again",
    });
    expect((await assets().materializeAsset(request)).run?.runId).toBe(run?.runId);
  });

  test("says which DAGs make it when there are several or none, and takes the one that is named", async () => {
    await registered(
      aDag("p", { outlets: [asset("a")] }),
      aDag("q", { outlets: [asset("a")] }),
      aDag("c", { on: asset("b") }),
    );
    const ask = (name: string, dagId = "") =>
      assets().materializeAsset({ requestId: requestId(), asset: uri(name), dagId });
    expect(await refusalOf(ask("a"))).toMatchObject({
      reason: "ASSET_PRODUCER_AMBIGUOUS",
      code: Code.FailedPrecondition,
      message: `${uri("a")} is made by 2 DAGs (${at}_p, ${at}_q); say which one is to run.`,
    });
    expect(await reasonOf(ask("b"))).toBe("ASSET_PRODUCER_MISSING");
    expect(await reasonOf(ask("a", `${at}_c`))).toBe("ASSET_PRODUCER_MISSING");
    expect((await ask("a", `${at}_q`)).run?.dagId).toBe(`${at}_q`);
  });
});

describe("the graph", () => {
  test("shows what makes, reads and starts what; or only what is connected, so many arrows away", async () => {
    await registered(
      aDag("p", { outlets: [asset("a"), alias("f")] }),
      aDag("c", { on: asset("a"), inlets: [asset("b")] }),
      aDag("lonely", { outlets: [asset("z")] }),
    );
    const { nodes, edges, isCut } = await assets().getAssetGraph({ asset: uri("a") });
    expect(isCut).toBe(false);
    expect(nodes.map(({ nodeId }) => nodeId.replaceAll(at, ""))).toEqual([
      ...["alias:/f", "asset:/a", "asset:/b", "dag:_c", "dag:_p"],
    ]);
    expect(
      edges.map((edge) => [
        edge.fromNodeId.replaceAll(at, ""),
        edge.toNodeId.replaceAll(at, ""),
        edge.kind,
        edge.taskIds,
      ]),
    ).toEqual(
      expect.arrayContaining([
        ["dag:_p", "asset:/a", AssetGraphEdgeKind.PRODUCES, ["t"]],
        ["dag:_p", "alias:/f", AssetGraphEdgeKind.PRODUCES, ["t"]],
        ["asset:/a", "dag:_c", AssetGraphEdgeKind.SCHEDULES, []],
        ["asset:/b", "dag:_c", AssetGraphEdgeKind.READS, ["t"]],
      ]),
    );
    const near = await assets().getAssetGraph({ dagId: `${at}_p`, depth: 1 });
    expect(near.nodes).toHaveLength(3);
    expect((await assets().getAssetGraph({})).nodes.length).toBeGreaterThan(5);
    expect(await reasonOf(assets().getAssetGraph({ depth: -1 }))).toBe("FIELD_INVALID");
  });
});

type ReadInit = Exclude<
  MessageInitShape<typeof ReadAssetEventsRequestSchema>,
  ReadAssetEventsRequest
>;

describe("a body", () => {
  async function holding(shape: Shape) {
    await registered(aDag("own", shape), aDag("p", { outlets: [asset("a"), asset("b")] }));
    const held = await openTestSession(api);
    const run = await beginRun(api, `${at}_own`);
    const state = { state: TaskState.running, sessionKey: Number(held.key) };
    await putInstance(api, { runKey: run.runKey, ix: 0 }, state);
    const attemptId = attemptIdOf({
      runKey: run.runKey,
      shard: 1,
      ix: 0,
      mapIx: -1,
      attempt: 1,
      of: "body",
    });
    const read = (request: ReadInit) =>
      held.worker.readAssetEvents({ ...request, session: held.session, attemptId });
    return { run, read };
  }

  test("reads what made its run, and its inlets' events, in either order, page by page; and no others", async () => {
    const { run, read } = await holding({ inlets: [asset("a"), alias("f")] });
    const source = await beginRun(api, `${at}_p`);
    for (const name of ["a", "a", "b", "a"]) await taskEvent(name, `${at}_p`, source.runKey);
    const all = await read({ of: { case: "inletUri", value: uri("a") } });
    expect(all.events).toHaveLength(3);
    const ids = all.events.map(({ eventId }) => eventId);
    expect(ids).toEqual(ids.toSorted((a, b) => Number(a - b)));
    const newest = await read({
      of: { case: "inletUri", value: uri("a") },
      newestFirst: true,
      pageSize: 2,
    });
    expect(newest.events.map(({ eventId }) => eventId)).toEqual([ids[2], ids[1]]);
    const rest = await read({
      of: { case: "inletUri", value: uri("a") },
      newestFirst: true,
      pageSize: 2,
      pageToken: newest.nextPageToken,
    });
    expect(rest).toMatchObject({ events: [{ eventId: ids[0] }], nextPageToken: "" });
    expect((await read({ of: { case: "triggering", value: true } })).events).toEqual([]);
    await api.db.pool.query("INSERT INTO run_asset_event VALUES ($1, $2)", [
      run.runKey,
      Number(ids[1]),
    ]);
    expect((await read({ of: { case: "triggering", value: true } })).events).toMatchObject([
      { eventId: ids[1], uri: uri("a") },
    ]);
    expect((await read({ of: { case: "inletAlias", value: `${at}/f` } })).events).toEqual([]);
    expect(await refusalOf(read({ of: { case: "inletUri", value: uri("b") } }))).toMatchObject({
      reason: "FIELD_INVALID",
      message: expect.stringContaining("which is no inlet of the task; add it to them"),
    });
    expect(await reasonOf(read({}))).toBe("FIELD_INVALID");
  });
});
