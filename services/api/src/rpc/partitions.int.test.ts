/** Partitions at the front door: runs and events with a key, what waits for which key; assets by name. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  AssetService,
  DagRunService,
  DagService,
  PartitionUnit,
  type AssetOrAliasSchema,
  type ScheduleSchema,
} from "@millrace/wire/v1";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { reasonOf, refusalOf } from "../testing/errors.ts";
import { startFakeOwner, type FakeOwner } from "../testing/fake-owner.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

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
  at = `p${++serial}`;
});

type Of = MessageInitShape<typeof AssetOrAliasSchema>;
type ScheduleInit = MessageInitShape<typeof ScheduleSchema>;

const uri = (name: string) => `${at}/${name}`;
const asset = (name: string, more: { name?: string } = {}) =>
  ({ kind: { case: "asset", value: { uri: uri(name), ...more } } }) as const;
const byName = (name: string) => ({ kind: { case: "asset", value: { uri: "", name } } }) as const;
const plain = (of: ReturnType<typeof asset>): ScheduleInit => ({
  kind: { case: "assets", value: { expression: of } },
});

/** Waits for all of these, by partition; of the last one for all hours of a day. */
function byHours(...names: readonly string[]): ScheduleInit {
  const rollup = { window: PartitionUnit.DAY, step: PartitionUnit.HOUR };
  return {
    kind: {
      case: "partitionedAssets",
      value: {
        expression: {
          kind: { case: "allOf", value: { expressions: names.map((one) => asset(one)) } },
        },
        mappings: [
          { uri: uri(names.at(-1)!), mapper: { kind: { case: "rollup", value: rollup } } },
        ],
      },
    },
  };
}

type Shape = { outlets?: Of[]; inlets?: Of[]; schedule?: ScheduleInit };

function aDag(id: string, { outlets = [], inlets = [], schedule }: Shape = {}) {
  const spec = chainSpec(`${at}_${id}`, ["t"], { ...(schedule && { schedule }) });
  const task = chainSpec("x", ["t"], { tasks: [{ outlets, inlets }] }).tasks[0]!;
  spec.tasks[0]!.outlets = task.outlets;
  spec.tasks[0]!.inlets = task.inlets;
  return spec;
}

const register = (dags: ReturnType<typeof aDag>[], folder = at) =>
  api.grpc(DagService).registerDags({ requestId: requestId(), folder, dags });

async function registered(...dags: ReturnType<typeof aDag>[]): Promise<void> {
  expect((await register(dags)).errors).toEqual([]);
}

const assets = () => api.http(AssetService);
const runs = () => api.http(DagRunService);
const emit = (name: string, partitionKey: string) =>
  assets().createAssetEvent({ requestId: requestId(), asset: uri(name), partitionKey });

async function pendingOf(dagId: string): Promise<number> {
  const { rows } = await api.db.pool.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM asset_pending WHERE dag_id = $1",
    [dagId],
  );
  return rows[0]!.n;
}

/** As the DAG's owner sorts its newest event. */
async function sorted(dagId: string, key: string, part: string, problem = ""): Promise<void> {
  await api.db.pool.query(
    `WITH newest AS (DELETE FROM asset_pending WHERE dag_id = $1 RETURNING asset_id, event_id)
     INSERT INTO asset_partition SELECT $1, $2, asset_id, event_id, $3, $4, 1 FROM newest`,
    [dagId, key, part, problem],
  );
}

const wrongKeys: readonly [string, string][] = [
  ["a long one", "x".repeat(251)],
  ["one with a line break", "a\nb"],
  ["one with a NUL", "a\u0000"],
];

describe("a run", () => {
  test("has the partition that it is triggered with, in answers and lists", async () => {
    await registered(aDag("d", { outlets: [asset("a")] }));
    const ask = { requestId: requestId(), dagId: `${at}_d`, partitionKey: "2026-01-02" };
    const { run } = await runs().triggerDagRun(ask);
    expect(run?.partitionKey).toBe("2026-01-02");
    const other = { ...ask, partitionKey: "2026-01-03" };
    expect(await reasonOf(runs().triggerDagRun(other))).toBe("REQUEST_ID_REUSED");
    const made = await assets().materializeAsset({
      ...{ requestId: requestId(), asset: uri("a"), partitionKey: "eu" },
    });
    expect(made.run?.partitionKey).toBe("eu");
    const listed = await runs().listDagRuns({ dagId: `${at}_d` });
    expect(listed.runs.map((one) => one.partitionKey)).toEqual(["eu", "2026-01-02"]);
  });

  test.each(wrongKeys)("is refused with %s", async (_, partitionKey) => {
    await registered(aDag("d", { outlets: [asset("a")] }));
    const requests = [
      () => runs().triggerDagRun({ requestId: requestId(), dagId: `${at}_d`, partitionKey }),
      () => assets().materializeAsset({ requestId: requestId(), asset: uri("a"), partitionKey }),
      () => emit("a", partitionKey),
    ];
    for (const request of requests)
      expect(await refusalOf(request())).toMatchObject({
        reason: "FIELD_INVALID",
        message: expect.stringMatching(/^partition_key is .*1 to 250 characters, and none/su),
      });
  });
});

describe("an event", () => {
  test("with a partition waits for DAGs that wait by partition, one without for the others", async () => {
    await registered(
      aDag("keyed", { schedule: byHours("a") }),
      aDag("plain", { schedule: plain(asset("a")) }),
    );
    const { event } = await emit("a", "2026-01-02T03:00:00");
    expect(event?.partitionKey).toBe("2026-01-02T03:00:00");
    expect([await pendingOf(`${at}_keyed`), await pendingOf(`${at}_plain`)]).toEqual([1, 0]);
    await emit("a", "");
    expect([await pendingOf(`${at}_keyed`), await pendingOf(`${at}_plain`)]).toEqual([1, 1]);
    const { events } = await assets().listAssetEvents({ asset: uri("a") });
    expect(events.map((one) => one.partitionKey)).toEqual(["", "2026-01-02T03:00:00"]);
    // What each passes over is said.
    const keyed = await assets().getAssetProgress({ dagId: `${at}_keyed` });
    expect(keyed.ignored).toMatchObject([{ uri: uri("a"), ignored: 1, newest: 2 }]);
    const other = await assets().getAssetProgress({ dagId: `${at}_plain` });
    expect(other).toMatchObject({ isByPartition: false, ignored: [{ ignored: 1, newest: 2 }] });
  });

  test("goes to the others once its DAG waits in the other way", async () => {
    await registered(aDag("d", { schedule: plain(asset("a")) }));
    await registered(aDag("d", { schedule: byHours("a") }));
    await emit("a", "");
    expect(await pendingOf(`${at}_d`)).toBe(0);
    await emit("a", "2026-01-02");
    expect(await pendingOf(`${at}_d`)).toBe(1);
  });
});

describe("what a DAG waits for", () => {
  test("is said for each partition, page by page, with what belongs to none and why", async () => {
    const dagId = `${at}_d`;
    await registered(aDag("d", { schedule: byHours("a", "b") }));
    expect(await assets().getAssetProgress({ dagId })).toMatchObject({
      ...{ isByPartition: true, partitions: [], nextPageToken: "" },
    });
    for (const hour of ["01", "02", "02"]) {
      await emit("b", `2026-01-02T${hour}`);
      await sorted(dagId, "2026-01-02", `2026-01-02T${hour}`);
    }
    await emit("a", "2026-01-03");
    await sorted(dagId, "2026-01-03", "");
    await emit("b", "soon");
    await sorted(dagId, "", "", '"soon" is no date');
    const first = await assets().getAssetProgress({ dagId, pageSize: 1 });
    expect(first).toMatchObject({
      partitions: [
        {
          partitionKey: "2026-01-02",
          progress: {
            isMet: false,
            kind: {
              value: {
                parts: [
                  { message: `no event of ${uri("a")}` },
                  { message: `2 of 24 hours of ${uri("b")}`, kind: { value: { unit: "hours" } } },
                ],
              },
            },
          },
        },
      ],
      unmapped: [{ uri: uri("b"), partitionKey: "soon", problem: '"soon" is no date' }],
      reasons: [],
    });
    const second = await assets().getAssetProgress({
      dagId,
      pageSize: 1,
      pageToken: first.nextPageToken,
    });
    expect(second.partitions.map((one) => one.partitionKey)).toEqual(["2026-01-03"]);
    expect(second.nextPageToken).toBe("");
    const { asset: found } = await assets().getAsset({ asset: uri("b") });
    expect(found?.consumers).toMatchObject([{ dagId, pendingCount: 4 }]);
    const { reasons } = await api.http(DagService).listNextRuns({ dagId });
    expect(reasons.map(({ message }) => message)).toEqual([
      `Partition "2026-01-02": Waits for 1 more event of ${uri("a")}; it has 0 of 1.`,
      `Partition "2026-01-02": Waits for 22 more hours of ${uri("b")}; it has 2 of 24.`,
      `Partition "2026-01-03": Waits for 24 more hours of ${uri("b")}; it has 0 of 24.`,
      `An event of ${uri("b")} belongs to no partition: "soon" is no date.`,
    ]);
    expect(await reasonOf(assets().getAssetProgress({ dagId, pageSize: -1 }))).toBe(
      "FIELD_INVALID",
    );
    expect(await reasonOf(assets().getAssetProgress({ dagId, pageToken: "x" }))).toBe(
      "PAGE_TOKEN_INVALID",
    );
  });

  test("goes with the DAG when it is deleted", async () => {
    const dagId = `${at}_d`;
    await registered(aDag("d", { schedule: byHours("a") }));
    await emit("a", "2026-01-02");
    await sorted(dagId, "2026-01-02", "x");
    await api.db.prisma.$transaction((tx) => tx.dag.delete({ where: { dagId } }));
    await registered(aDag("d", { schedule: byHours("a") }));
    expect((await assets().getAssetProgress({ dagId })).partitions).toEqual([]);
  });
});

describe("a circle", () => {
  const keyed = (name: string): ScheduleInit => ({
    kind: { case: "partitionedAssets", value: { expression: asset(name), mappings: [] } },
  });

  test("of DAGs that wait by partition is refused, of both kinds it is none", async () => {
    const loop = await register([aDag("self", { schedule: keyed("a"), outlets: [asset("a")] })]);
    expect(loop.errors[0]?.message).toContain("a circle that would never end");
    await registered(
      aDag("p", { schedule: keyed("a"), outlets: [asset("b")] }),
      aDag("q", { schedule: plain(asset("b")), outlets: [asset("a")] }),
    );
  });

  test("ends where one event is not enough", async () => {
    await registered(aDag("self", { schedule: byHours("a"), outlets: [asset("a")] }));
  });
});

describe("an asset by name", () => {
  test("is the one in use that has the name, among outlets and inlets and in schedules", async () => {
    await registered(aDag("p", { outlets: [asset("a", { name: `${at} orders` })] }));
    const user = aDag("c", {
      inlets: [byName(`${at} orders`)],
      outlets: [asset("b")],
      schedule: { kind: { case: "assets", value: { expression: byName(`${at} orders`) } } },
    });
    expect((await register([user], `${at}_other`)).errors).toEqual([]);
    const { asset: found } = await assets().getAsset({ asset: uri("a") });
    expect(found?.consumers).toMatchObject([
      { dagId: `${at}_c`, taskId: "t" },
      { dagId: `${at}_c`, taskId: "" },
    ]);
    const { spec } = await api.http(DagService).getDagSpec({ dagId: `${at}_c` });
    expect(spec?.tasks[0]?.inlets).toMatchObject([asset("a")]);
    // The same again is no new version.
    const again = await register([user], `${at}_other`);
    expect(again.dags.map(({ version }) => version)).toEqual([1]);
  });

  test("is found in the same registration, too, and followed there", async () => {
    const user = aDag("c", { inlets: [byName(`${at} n`)] });
    await registered(user, aDag("p", { outlets: [asset("a", { name: `${at} n` })] }));
    const moved = await register([user, aDag("p", { outlets: [asset("b", { name: `${at} n` })] })]);
    expect(moved.errors).toEqual([]);
    expect((await assets().getAsset({ asset: uri("b") })).asset?.consumers).toMatchObject([
      { dagId: `${at}_c`, taskId: "t" },
    ]);
  });

  test("that nobody has is refused with a sentence, and stops no other DAG", async () => {
    const { dags, errors } = await register([
      aDag("c", { inlets: [byName(`${at} none`)] }),
      aDag("ok", { inlets: [asset("a")] }),
    ]);
    expect(dags.map(({ dagId }) => dagId)).toEqual([`${at}_ok`]);
    expect(errors[0]?.message).toContain(
      `no asset in use has the name "${at} none"; register the DAG`,
    );
  });

  test("keeps the name: another asset cannot take it while the DAG is there", async () => {
    await registered(aDag("p", { outlets: [asset("a", { name: `${at} n` })] }));
    await register([aDag("c", { inlets: [byName(`${at} n`)] })], `${at}_other`);
    const moved = await register([aDag("p", { outlets: [asset("b", { name: `${at} n` })] })]);
    expect(moved.errors[0]?.message).toContain(`which is that of ${uri("a")} (DAG "${at}_c")`);
  });
});
