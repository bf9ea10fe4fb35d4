import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { Code } from "@connectrpc/connect";
import { DagService, TaskKind } from "@millrace/wire/v1";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { reasonOf, refusalOf } from "../testing/errors.ts";
import { startFakeOwner } from "../testing/fake-owner.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const register = (
  folder: string,
  dags: ReturnType<typeof chainSpec>[],
  errors: { file: string; message: string }[] = [],
) => api.grpc(DagService).registerDags({ requestId: requestId(), folder, dags, errors });

describe.each(["http", "grpc"] as const)("over %s", (transport) => {
  test("a registered DAG can be read, with its spec and its source", async () => {
    const dags = api[transport](DagService);
    const dagId = `read-${transport}`;
    const spec = chainSpec(dagId, ["a", "b"], {
      tags: ["x"],
      docs: "# Docs",
      paramsSchema: '{"type":"object"}',
    });
    const answer = await dags.registerDags({
      requestId: requestId(),
      folder: transport,
      dags: [spec],
    });
    expect(answer.errors).toEqual([]);
    expect(answer.dags).toMatchObject([
      { dagId, version: 1, taskCount: 2, isActive: true, isPaused: false, maxActiveTasks: 16 },
    ]);

    const { dag } = await dags.getDag({ dagId });
    expect(dag).toMatchObject({
      dagId,
      version: 1,
      tags: ["x"],
      docs: "# Docs",
      paramsSchema: '{"type":"object"}',
    });
    expect((await dags.getDagSpec({ dagId })).spec).toMatchObject({
      dagId,
      source: "",
      edges: [{ fromTaskId: "a", toTaskId: "b" }],
    });
    expect(await dags.getDagSource({ dagId, version: 1 })).toMatchObject({
      file: `${dagId}.ts`,
      source: `// ${dagId}`,
      version: 1,
    });
  });

  test("what is not there is refused with its reason, its id and its code", async () => {
    const dags = api[transport](DagService);
    expect(await refusalOf(dags.getDag({ dagId: "nope" }))).toMatchObject({
      reason: "DAG_NOT_FOUND",
      code: Code.NotFound,
      metadata: { dag_id: "nope" },
    });
    expect(await reasonOf(dags.getDag({ dagId: "" }))).toBe("FIELD_INVALID");
    expect(await reasonOf(dags.getDag({ dagId: "a\u0000b" }))).toBe("DAG_NOT_FOUND");
    expect(await reasonOf(dags.getDagSpec({ dagId: `read-${transport}`, version: 9 }))).toBe(
      "DAG_VERSION_NOT_FOUND",
    );
  });
});

describe("registering", () => {
  test("the same spec makes no new version, another one does", async () => {
    await register("versions", [chainSpec("versions", ["a"])]);
    expect((await register("versions", [chainSpec("versions", ["a"])])).dags).toMatchObject([
      { version: 1 },
    ]);
    expect((await register("versions", [chainSpec("versions", ["a", "b"])])).dags).toMatchObject([
      { version: 2, taskCount: 2 },
    ]);
    const { versions } = await api.http(DagService).listDagVersions({ dagId: "versions" });
    expect(versions.map(({ version }) => version)).toEqual([2, 1]);
  });

  test("a refused DAG becomes an import error and harms no other", async () => {
    const bad = chainSpec("bad", ["a"], {
      tasks: [{ taskId: "a b", kind: TaskKind.EXTERNAL, handler: "x" }],
    });
    const circle = chainSpec("circle", ["a", "b"]);
    circle.edges.push({ ...circle.edges[0]!, fromTaskId: "b", toTaskId: "a" });
    const schema = chainSpec("schema", ["a"], { paramsSchema: '{"type":"nonsense"}' });
    const answer = await register(
      "refused",
      [chainSpec("good", ["a"]), bad, circle, schema],
      [{ file: "broken.ts", message: "Unexpected token" }],
    );
    expect(answer.dags.map(({ dagId }) => dagId)).toEqual(["good"]);
    expect(answer.errors.map(({ file }) => file)).toEqual([
      "bad.ts",
      "broken.ts",
      "circle.ts",
      "schema.ts",
    ]);
    expect(answer.errors[0]?.message).toContain("a b");
    const all = await api.http(DagService).listImportErrors({});
    expect(all.errors.filter(({ folder }) => folder === "refused")).toHaveLength(4);
  });

  test("an import error that stays keeps its date, and one that is mended goes", async () => {
    const [first] = (await register("dates", [], [{ file: "a.ts", message: "x" }])).errors;
    const [again] = (await register("dates", [], [{ file: "a.ts", message: "x" }])).errors;
    expect(again?.seenAt).toEqual(first?.seenAt);
    expect((await register("dates", [])).errors).toEqual([]);
  });

  test("DAGs that are gone from their folder become inactive, unless their file is broken", async () => {
    await register("gone", [chainSpec("gone-1", ["a"]), chainSpec("gone-2", ["a"])]);
    await register("gone", [], [{ file: "gone-2.ts", message: "Unexpected token" }]);
    const dags = api.http(DagService);
    expect((await dags.getDag({ dagId: "gone-1" })).dag?.isActive).toBe(false);
    expect((await dags.getDag({ dagId: "gone-2" })).dag?.isActive).toBe(true);
    const listed = await dags.listDags({ search: "gone-" });
    expect(listed.dags.map(({ dagId }) => dagId)).toEqual(["gone-2"]);
    expect((await register("gone", [chainSpec("gone-1", ["a"])])).dags).toMatchObject([
      { dagId: "gone-1", version: 1, isActive: true },
    ]);
  });

  test("a DAG of another folder is not taken over while it is there", async () => {
    await register("owner-1", [chainSpec("shared", ["a"])]);
    const answer = await register("owner-2", [chainSpec("shared", ["a", "b"])]);
    expect(answer.dags).toEqual([]);
    expect(answer.errors[0]?.message).toContain("owner-1");
    await register("owner-1", []);
    expect((await register("owner-2", [chainSpec("shared", ["a", "b"])])).dags).toMatchObject([
      { version: 2 },
    ]);
  });

  test("a bundle that nobody uploaded is refused by its digest", async () => {
    const bundleDigest = "0".repeat(64);
    expect(
      await refusalOf(register("bundles", [chainSpec("bundled", ["a"], { bundleDigest })])),
    ).toMatchObject({
      reason: "BUNDLE_NOT_FOUND",
      metadata: { digest: bundleDigest },
    });
  });

  test("every node is told which DAGs changed, and not when nothing did", async () => {
    const told: string[] = [];
    const subscription = api.bus.subscribe(
      "dags",
      (data) => void told.push(Buffer.from(data).toString()),
    );
    await register("told", [chainSpec("told", ["a"])]);
    await register("told", [chainSpec("told", ["a"])]);
    await api.grpc(DagService).pauseDag({ requestId: requestId(), dagId: "told" });
    subscription.close();
    expect(told).toHaveLength(2);
  });
});

describe("request ids", () => {
  test("the same request gets the same answer, another one under its id none", async () => {
    const dags = api.http(DagService);
    const request = { requestId: requestId(), folder: "once", dags: [chainSpec("once", ["a"])] };
    const first = await dags.registerDags(request);
    await register("once", []);
    expect(await dags.registerDags(request)).toEqual(first);
    expect((await dags.getDag({ dagId: "once" })).dag?.isActive).toBe(false);
    expect(await refusalOf(dags.registerDags({ ...request, folder: "other" }))).toMatchObject({
      reason: "REQUEST_ID_REUSED",
      code: Code.AlreadyExists,
    });
  });

  test("concurrent twins are answered alike and done once", async () => {
    const dags = api.grpc(DagService);
    const request = { requestId: requestId(), folder: "twins", dags: [chainSpec("twins", ["a"])] };
    const answers = await Promise.all(Array.from({ length: 5 }, () => dags.registerDags(request)));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect((await dags.listDagVersions({ dagId: "twins" })).versions).toHaveLength(1);
  });

  test("a call that changes something needs one", async () => {
    expect(await reasonOf(api.http(DagService).registerDags({ folder: "x" }))).toBe(
      "REQUEST_ID_MISSING",
    );
    expect(
      await reasonOf(
        api.http(DagService).registerDags({ folder: "x", requestId: "a".repeat(201) }),
      ),
    ).toBe("REQUEST_ID_MISSING");
  });
});

test("pausing and unpausing say how the DAG is afterwards", async () => {
  await register("switch", [chainSpec("switch", ["a"])]);
  const dags = api.http(DagService);
  expect((await dags.pauseDag({ requestId: requestId(), dagId: "switch" })).dag?.isPaused).toBe(
    true,
  );
  expect((await dags.listDags({ isPaused: true })).dags.map(({ dagId }) => dagId)).toContain(
    "switch",
  );
  expect((await dags.unpauseDag({ requestId: requestId(), dagId: "switch" })).dag?.isPaused).toBe(
    false,
  );
  expect(await reasonOf(dags.pauseDag({ requestId: requestId(), dagId: "nope" }))).toBe(
    "DAG_NOT_FOUND",
  );
});

test("pages of DAGs are whole and in order, and their tokens are for their filters", async () => {
  await register(
    "pages",
    ["p-1", "p-2", "p-3", "p-4", "p-5"].map((dagId) =>
      chainSpec(dagId, ["a"], { tags: ["pages", dagId] }),
    ),
  );
  const dags = api.http(DagService);
  const seen: string[] = [];
  for (let pageToken = ""; ;) {
    const page = await dags.listDags({ tags: ["pages"], pageSize: 2, pageToken });
    expect(page.total).toBe(5);
    seen.push(...page.dags.map(({ dagId }) => dagId));
    pageToken = page.nextPageToken;
    if (pageToken === "") break;
    expect(await reasonOf(dags.listDags({ tags: ["p-1"], pageSize: 2, pageToken }))).toBe(
      "PAGE_TOKEN_INVALID",
    );
  }
  expect(seen).toEqual(["p-1", "p-2", "p-3", "p-4", "p-5"]);
  expect((await dags.listDags({ search: "P-3" })).dags).toHaveLength(1);
  expect((await dags.listDags({ search: "p_%" })).dags).toHaveLength(0);
  expect(await reasonOf(dags.listDags({ pageSize: -1 }))).toBe("FIELD_INVALID");
});

test("a bundle is stored under its own digest, once", async () => {
  const dags = api.grpc(DagService);
  const content = gzipSync("export {}");
  const digest = createHash("sha256").update(content).digest("hex");
  expect(await dags.uploadBundle({ requestId: requestId(), digest, content })).toMatchObject({
    stored: true,
  });
  expect(await dags.uploadBundle({ requestId: requestId(), digest, content })).toMatchObject({
    stored: false,
  });
  expect(
    await reasonOf(dags.uploadBundle({ requestId: requestId(), digest: "0".repeat(64), content })),
  ).toBe("BUNDLE_DIGEST_MISMATCH");
});

test("a bundle may be as large as the limit says, and other requests may not", async () => {
  const limit = 32 * 1024 * 1024;
  const dags = api.grpc(DagService);
  const upload = (content: Buffer) =>
    dags.uploadBundle({
      requestId: requestId(),
      digest: createHash("sha256").update(content).digest("hex"),
      content,
    });
  expect(await upload(Buffer.alloc(limit))).toMatchObject({ stored: true });
  expect(await reasonOf(upload(Buffer.alloc(limit + 1)))).toBe("BUNDLE_TOO_LARGE");
  expect(await reasonOf(dags.listDags({ search: "x".repeat(5 * 1024 * 1024) }))).toBe("OVERLOADED");
});

test("the owner deletes a DAG", async () => {
  const owner = startFakeOwner(api);
  await register("delete", [chainSpec("delete", ["a"])]);
  await api.http(DagService).deleteDag({ requestId: requestId(), dagId: "delete" });
  expect(await reasonOf(api.http(DagService).getDag({ dagId: "delete" }))).toBe("DAG_NOT_FOUND");
  owner.stop();
});
