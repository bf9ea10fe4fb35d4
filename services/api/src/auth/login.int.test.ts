import { readFile, stat } from "node:fs/promises";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { DagService, SystemService } from "@millrace/wire/v1";
import { WorkerService } from "@millrace/wire/worker";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureCredentials } from "../ensure-credentials.ts";
import { apiLimits } from "../limits.ts";
import { requestId } from "../testing/dag-specs.ts";
import { reasonOf, refusalOf } from "../testing/errors.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";
import { newToken } from "./tokens.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

/** Calls a method as a browser would: JSON, a cookie, and where it comes from. */
function browse(
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${api.httpUrl}/millrace.v1.${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

const loginWith = (token: string): Promise<string> => cookieFor({ requestId: requestId(), token });

async function cookieFor(request: object): Promise<string> {
  const answer = await browse("SystemService/Login", request);
  expect(answer.status).toBe(200);
  return (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

const loginToken = async (): Promise<string> =>
  (await api.http(SystemService).createLoginToken({ requestId: requestId() })).token;

describe("keys", () => {
  test("are made once, in files that only their owner can read", async () => {
    const dir = await mkdtemp(join(tmpdir(), "millrace-keys-"));
    const first = await ensureCredentials(api.db, join(dir, "state"));
    expect(await ensureCredentials(api.db, join(dir, "state"))).toEqual(first);
    expect((await stat(join(dir, "state", "admin.key"))).mode & 0o777).toBe(0o600);
    expect((await readFile(join(dir, "state", "worker.key"), "utf8")).trim()).toBe(first.workerKey);
    await rm(dir, { recursive: true });
  });

  test("are stored as hashes only", async () => {
    const rows = JSON.stringify(await api.db.prisma.credential.findMany());
    expect(rows).not.toContain(api.keys.adminKey);
    expect(rows).not.toContain(api.keys.workerKey);
  });
});

describe.each(["http", "grpc"] as const)("over %s", (transport) => {
  test("without a credential only the version is told", async () => {
    expect((await api[transport](SystemService, null).getVersion({})).workerProtocol).toBe(1);
    expect(await refusalOf(api[transport](DagService, null).listDags({}))).toMatchObject({
      reason: "UNAUTHENTICATED",
      code: Code.Unauthenticated,
    });
  });

  test.each([
    ["an unknown key", newToken()],
    ["no key at all", "hello"],
    ["an empty one", ""],
  ])("%s is refused", async (_, key) => {
    expect(await reasonOf(api[transport](SystemService, key).whoAmI({}))).toBe("UNAUTHENTICATED");
  });

  test("a worker's key opens workers' calls and no others", async () => {
    const { workerKey } = api.keys;
    expect(await api[transport](SystemService, workerKey).whoAmI({})).toMatchObject({
      role: "worker",
    });
    expect(await refusalOf(api[transport](DagService, workerKey).listDags({}))).toMatchObject({
      reason: "PERMISSION_DENIED",
      code: Code.PermissionDenied,
    });
    expect(
      await reasonOf(
        api[transport](WorkerService).openSession({
          requestId: requestId(),
          protocol: 1,
          slots: 1,
        }),
      ),
    ).toBe("PERMISSION_DENIED");
  });
});

describe("login tokens", () => {
  test("let somebody in once", async () => {
    const token = await loginToken();
    expect(await loginWith(token)).toMatch(/^millrace_session=mr_/);
    expect((await browse("SystemService/Login", { requestId: requestId(), token })).status).toBe(
      401,
    );
  });

  test("are the same for the same request id, until used", async () => {
    const system = api.http(SystemService);
    const request = { requestId: requestId() };
    const { token } = await system.createLoginToken(request);
    expect((await system.createLoginToken(request)).token).toBe(token);
    await loginWith(token);
    expect(await reasonOf(system.createLoginToken(request))).toBe("REQUEST_ID_REUSED");
  });

  test("trade for the same session again when the same request is repeated, and for no other", async () => {
    const request = { requestId: requestId(), token: await loginToken() };
    const cookieOf = async (body: object): Promise<string | undefined> =>
      (await browse("SystemService/Login", body)).headers.get("set-cookie")?.split(";")[0];
    const sessions = (): Promise<number> =>
      api.db.prisma.credential.count({ where: { kind: "console_session" } });
    const before = await sessions();
    const cookies = await Promise.all([cookieOf(request), cookieOf(request)]);
    expect(cookies[0]).toMatch(/^millrace_session=mr_/);
    expect(await cookieOf(request)).toBe(cookies[0]);
    expect(cookies[1]).toBe(cookies[0]);
    expect(await cookieOf({ ...request, requestId: requestId() })).toBeUndefined();
    expect(await sessions()).toBe(before + 1);
  });

  test("trade for nothing once the session is over or the login was long ago", async () => {
    const system = api.http(SystemService, null);
    const out = { requestId: requestId(), token: api.keys.adminKey };
    const session = await cookieFor(out);
    await browse("SystemService/Logout", { requestId: requestId() }, { cookie: session });
    expect(await reasonOf(system.login(out))).toBe("REQUEST_ID_REUSED");

    const old = { requestId: requestId(), token: api.keys.adminKey };
    const cookie = await cookieFor(old);
    await api.db.prisma.credential.updateMany({
      where: { kind: "console_session" },
      data: { createdAt: new Date(Date.now() - apiLimits.loginRepeatMs - 1_000) },
    });
    expect(await reasonOf(system.login(old))).toBe("REQUEST_ID_REUSED");
    expect((await browse("SystemService/WhoAmI", {}, { cookie })).status).toBe(200);
  });

  test("and the sessions they were traded for are in no row that would open one", async () => {
    const token = await loginToken();
    const session = (await loginWith(token)).split("=")[1] ?? "";
    const rows = await Promise.all([
      api.db.prisma.credential.findMany(),
      api.db.prisma.request.findMany(),
    ]);
    const text = JSON.stringify(rows, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value,
    );
    expect(text).toContain("console_session");
    expect(text).not.toContain(token);
    expect(text).not.toContain(session);
  });

  test("that are guessed leave nothing behind", async () => {
    const before = await api.db.prisma.request.count();
    const guess = { requestId: requestId(), token: newToken() };
    expect((await browse("SystemService/Login", guess)).status).toBe(401);
    expect(await api.db.prisma.request.count()).toBe(before);
  });

  test("are no credential by themselves", async () => {
    expect(await reasonOf(api.http(SystemService, await loginToken()).whoAmI({}))).toBe(
      "UNAUTHENTICATED",
    );
  });

  test("expire", async () => {
    const token = await loginToken();
    await api.db.prisma.credential.updateMany({
      where: { kind: "login_token" },
      data: { expiresAt: new Date(0) },
    });
    expect(
      await reasonOf(api.http(SystemService, null).login({ requestId: requestId(), token })),
    ).toBe("LOGIN_REFUSED");
  });
});

describe("console sessions", () => {
  test("begin with the admin key too, but not with a worker's", async () => {
    expect(await loginWith(api.keys.adminKey)).toContain("millrace_session=");
    expect(
      (await browse("SystemService/Login", { requestId: requestId(), token: api.keys.workerKey }))
        .status,
    ).toBe(401);
  });

  test("are in a cookie that scripts cannot read and other sites cannot send", async () => {
    const answer = await browse("SystemService/Login", {
      requestId: requestId(),
      token: await loginToken(),
    });
    expect(answer.headers.get("set-cookie")).toMatch(
      /; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
    );
  });

  test("are their owner's, until logged out", async () => {
    const cookie = await loginWith(await loginToken());
    const who = await browse("SystemService/WhoAmI", {}, { cookie });
    expect(await who.json()).toEqual({ name: "admin", role: "admin" });
    const request = { requestId: requestId() };
    const out = await browse("SystemService/Logout", request, { cookie });
    expect(out.headers.get("set-cookie")).toContain("Max-Age=0");
    expect((await browse("SystemService/WhoAmI", {}, { cookie })).status).toBe(401);
    // The answer to the first may have been lost.
    const again = await browse("SystemService/Logout", request, { cookie });
    expect([again.status, again.headers.get("set-cookie")]).toEqual([
      200,
      out.headers.get("set-cookie"),
    ]);
  });

  test("do nothing for other sites", async () => {
    const cookie = await loginWith(await loginToken());
    const body = { requestId: requestId() };
    const call = (headers: Record<string, string>): Promise<Response> =>
      browse("SystemService/CreateLoginToken", body, { cookie, ...headers });
    expect((await call({ origin: api.httpUrl, "sec-fetch-site": "same-origin" })).status).toBe(200);
    expect((await call({ origin: "https://evil.example" })).status).toBe(403);
    expect((await call({ "sec-fetch-site": "cross-site" })).status).toBe(403);
  });

  test("are for cookies only", async () => {
    const session = (await loginWith(await loginToken())).split("=")[1] ?? "";
    expect(await reasonOf(api.http(SystemService, session).whoAmI({}))).toBe("UNAUTHENTICATED");
    expect(await reasonOf(api.grpc(SystemService, session).whoAmI({}))).toBe("UNAUTHENTICATED");
  });

  test("are prolonged by being used", async () => {
    const cookie = await loginWith(await loginToken());
    const soon = new Date(Date.now() + 60_000);
    await api.db.prisma.credential.updateMany({
      where: { kind: "console_session" },
      data: { expiresAt: soon },
    });
    await browse("SystemService/WhoAmI", {}, { cookie });
    const { expiresAt } = await api.db.prisma.credential.findFirstOrThrow({
      where: { kind: "console_session" },
      orderBy: { id: "desc" },
    });
    expect(expiresAt!.getTime()).toBeGreaterThan(soon.getTime());
  });

  test("that are stale do not keep people from logging in again", async () => {
    const answer = await browse(
      "SystemService/Login",
      { requestId: requestId(), token: await loginToken() },
      { cookie: `millrace_session=${newToken()}` },
    );
    expect(answer.status).toBe(200);
  });
});

test("no answer and no log line holds a secret or a stack", async () => {
  const answer = await browse("SystemService/Login", {
    requestId: requestId(),
    token: `${api.keys.adminKey}x`,
  });
  expect(await answer.text()).not.toMatch(/mr_|\.ts:/);
  expect(JSON.stringify(api.logs)).not.toMatch(/mr_[0-9A-Za-z]{43}/);
});

test("methods without side effects answer GET, and the request id comes back", async () => {
  const url = `${api.httpUrl}/millrace.v1.SystemService/GetVersion?encoding=json&message=%7B%7D&connect=v1`;
  const answer = await fetch(url, { headers: { "x-request-id": "mine-1" } });
  expect(answer.headers.get("x-request-id")).toBe("mine-1");
  expect(await answer.json()).toMatchObject({ version: "0.1.0" });
  const odd = await fetch(url, { headers: { "x-request-id": "a b" } });
  expect(odd.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
});
