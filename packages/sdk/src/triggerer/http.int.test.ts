import type { RequestListener } from "node:http";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { holdPort } from "../worker/testing/held-port.ts";
import {
  httpServer,
  startTriggererBench,
  type TriggererBench,
} from "../worker/testing/triggerer-bench.ts";
import { failureOf, valueOf } from "../worker/testing/worker-bench.ts";

let bench: TriggererBench;
beforeAll(async () => (bench = await startTriggererBench()));
afterAll(() => bench[Symbol.asyncDispose]());

let attempts = 0;

/** What comes of waiting for a URL. */
async function waitFor(url: string, more: object = {}) {
  const attemptId = `w${++attempts}`;
  bench.server.assign(bench.watch(attemptId, "http", { url, intervalMs: 1000, ...more }));
  return await bench.server.result(attemptId);
}

/** Answers in order, the last again and again. */
function inOrder(...answers: RequestListener[]): RequestListener {
  let next = 0;
  return (...call) => answers[Math.min(next++, answers.length - 1)]!(...call);
}

const answer =
  (status: number, body: string | object = "", headers: object = {}): RequestListener =>
  (_, response) => {
    const isText = typeof body === "string";
    const type = isText ? {} : { "content-type": "application/json; charset=utf-8" };
    response.writeHead(status, { ...type, ...headers });
    response.end(isText ? body : JSON.stringify(body));
  };

describe("a URL ends the wait", () => {
  test("with the first answer of 200 to 299, JSON read and text as it is", async () => {
    await using asked = await httpServer(inOrder(answer(404), answer(202, { rows: [1] })));
    expect(valueOf(await waitFor(asked.url))).toEqual({ status: 202, body: { rows: [1] } });
    expect(asked.requests).toHaveLength(2);
    await using plain = await httpServer(answer(200, "done"));
    expect(valueOf(await waitFor(plain.url))).toEqual({ status: 200, body: "done" });
    await using empty = await httpServer(answer(204));
    expect(valueOf(await waitFor(empty.url))).toEqual({ status: 204, body: null });
    await using broken = await httpServer(
      answer(200, "{", { "content-type": "application/problem+json" }),
    );
    expect(valueOf(await waitFor(broken.url))).toEqual({ status: 200, body: "{" });
  });

  test("with the status that is waited for, whatever it is", async () => {
    await using gone = await httpServer(inOrder(answer(200), answer(404, "gone")));
    const status = [404, 410];
    expect(valueOf(await waitFor(gone.url, { status }))).toEqual({ status: 404, body: "gone" });
  });

  test("once a field has its value", async () => {
    await using asked = await httpServer(
      inOrder(
        answer(200, "not JSON"),
        answer(200, { jobs: [{ state: { name: "running" } }] }),
        answer(200, { jobs: [{ state: { name: "done" } }] }),
      ),
    );
    const until = { path: ["jobs", "0", "state"], equals: { name: "done" } };
    const event = valueOf(await waitFor(asked.url, { until }));
    expect(event).toMatchObject({ body: { jobs: [{ state: { name: "done" } }] } });
    expect(asked.requests).toHaveLength(3);
  });

  test("asked as it was told, with secrets from the environment", async () => {
    vi.stubEnv("WAITING_TEST_TOKEN", "Bearer of news");
    await using secret = await startTriggererBench();
    vi.unstubAllEnvs();
    await using asked = await httpServer(answer(200));
    secret.server.assign(
      secret.watch("w", "http", {
        url: `${asked.url}/jobs?id=7`,
        method: "POST",
        body: "{}",
        headers: { authorization: { env: "WAITING_TEST_TOKEN" }, "content-type": "text/plain" },
      }),
    );
    await secret.server.result("w");
    expect(asked.requests[0]).toMatchObject({
      method: "POST",
      url: "/jobs?id=7",
      body: "{}",
      headers: { authorization: "Bearer of news", "content-type": "text/plain" },
    });
    const headers = { authorization: { env: "MILLRACE_KEY" } };
    const failure = failureOf(await waitFor(asked.url, { headers }));
    expect(failure.message).toContain("the environment variable MILLRACE_KEY, which the triggerer");
    expect(failure.retryable).toBe(false);
  });
});

describe("a look is in vain", () => {
  test("where nobody answers, or with 5xx, which is said once", async () => {
    await using held = await holdPort();
    const url = `http://127.0.0.1:${held.port}`;
    const troubles = () => bench.events.filter(({ event }) => event === "trigger.in_trouble");
    const attemptId = `w${++attempts}`;
    bench.server.assign(bench.watch(attemptId, "http", { url, intervalMs: 1000 }));
    await expect.poll(() => troubles().length).toBe(1);
    expect(troubles()[0]?.fields).toMatchObject({
      place: url,
      err: expect.stringContaining("ECONN"),
    });
    await using ill = await httpServer(inOrder(answer(503), answer(500), answer(200, "well")));
    expect(valueOf(await waitFor(ill.url))).toMatchObject({ body: "well" });
    const ofIll = bench.events.filter(
      ({ fields }) => "place" in fields && fields.place === ill.url,
    );
    expect(ofIll.map(({ event }) => event)).toEqual(["trigger.in_trouble", "trigger.well_again"]);
    expect(troubles()).toHaveLength(2);
    bench.server.cancel(attemptId);
  });

  test("with 429, and not before its retry-after", async () => {
    await using asked = await httpServer(
      inOrder(answer(429, "", { "retry-after": "2" }), answer(200)),
    );
    const began = performance.now();
    await waitFor(asked.url);
    expect(performance.now() - began).toBeGreaterThan(1_900);
  });
});

describe("a URL fails the wait", () => {
  test("with a refusal that does not change by itself", async () => {
    await using asked = await httpServer(answer(401));
    const failure = failureOf(await waitFor(`${asked.url}/jobs?key=secret`));
    expect(failure).toMatchObject({ type: "HttpTriggerFailed", retryable: true });
    expect(failure.message).toBe(
      `GET ${asked.url}/jobs answered 401, which does not change by itself; waited for: 200 to 299. ` +
        "If 401 is what to wait for, name it in the option status.",
    );
  });

  test("with an answer over 256 KiB; one that is not waited for may be any length", async () => {
    const long = "a".repeat(256 * 1024 + 1);
    await using asked = await httpServer(inOrder(answer(404, long), answer(200, long)));
    const failure = failureOf(await waitFor(asked.url));
    expect(failure.message).toContain("longer than 256 KiB");
    expect(asked.requests).toHaveLength(2);
    await using fits = await httpServer(answer(200, long.slice(0, 200_000)));
    const { body } = valueOf(await waitFor(fits.url)) as { body: string };
    expect(body.length).toBe(200_000);
  });
});

describe("an answer that points elsewhere", () => {
  test("is followed, without secrets to another server", async () => {
    await using other = await httpServer(answer(200, "there"));
    await using first = await httpServer(
      inOrder(
        answer(307, "", { location: "/next" }),
        answer(302, "", { location: `${other.url}/x` }),
      ),
    );
    const headers = { authorization: "Bearer a", cookie: "b", accept: "text/plain" };
    const more = { headers, method: "POST", body: "asked" };
    expect(valueOf(await waitFor(first.url, more))).toEqual({ status: 200, body: "there" });
    expect(first.requests.map(({ url, method, body }) => [url, method, body])).toEqual([
      ["/", "POST", "asked"],
      ["/next", "POST", "asked"],
    ]);
    expect(first.requests[1]?.headers.authorization).toBe("Bearer a");
    expect(other.requests[0]).toMatchObject({ method: "GET", url: "/x", body: "" });
    expect(other.requests[0]?.headers).toMatchObject({ accept: "text/plain" });
    expect(other.requests[0]?.headers).not.toHaveProperty("authorization");
    expect(other.requests[0]?.headers).not.toHaveProperty("cookie");
  });

  test("is what is waited for where its status is, and leads in circles only so often", async () => {
    await using circle = await httpServer(answer(302, "", { location: "/" }));
    expect(valueOf(await waitFor(circle.url, { status: 302 }))).toMatchObject({ status: 302 });
    expect(circle.requests).toHaveLength(1);
    const failure = failureOf(await waitFor(circle.url));
    expect(failure.message).toContain("sent elsewhere more than 5 times");
    expect(circle.requests).toHaveLength(7);
  });
});

test("many that wait for one server ask it at most a hundred at a time", async () => {
  let busy = 0;
  let most = 0;
  const held: (() => void)[] = [];
  await using asked = await httpServer((_, response) => {
    most = Math.max(most, ++busy);
    held.push(() => {
      busy--;
      response.end();
    });
  });
  await using crowd = await startTriggererBench();
  const ids = Array.from({ length: 250 }, (_, n) => `c${n}`);
  crowd.server.assign(
    ...ids.map((id) => crowd.watch(id, "http", { url: asked.url, intervalMs: 60_000 })),
  );
  await expect.poll(() => busy).toBe(100);
  while (crowd.server.results.length < 250) {
    for (const end of held.splice(0)) end();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(most).toBe(100);
});
