import { afterEach, describe, expect, test, vi } from "vitest";
import { slack, webhook } from "../index.ts";
import { anEvent, anHttpServer, notify, run } from "./testing.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

const bodyOf = ({ body = "" }: { body?: string } = {}) => JSON.parse(body) as unknown;

describe("webhook", () => {
  test("posts all that is known as JSON, with the same idempotency key each time", async () => {
    await using server = await anHttpServer();
    const hook = webhook({ url: server.url });
    await notify(hook);
    await notify(hook, anEvent({ deliveryTry: 2 }));
    const [first, second] = server.received;
    expect(first).toMatchObject({ method: "POST", path: "/hook/secret-part" });
    expect(first?.headers).toMatchObject({
      "content-type": "application/json",
      "idempotency-key": "run_7/load/failure/2/0",
    });
    expect(second?.headers["idempotency-key"]).toBe(first?.headers["idempotency-key"]);
    expect(bodyOf(first)).toEqual({
      title: "Task load of etl failed",
      event: "failure",
      happened_at: "2026-01-02T03:04:05.000Z",
      dag_id: "etl",
      run_id: "scheduled__2026-01-01T00:00:00+00:00",
      run_key: "run_7",
      run_type: "scheduled",
      run_state: "running",
      logical_date: "2026-01-01T00:00:00.000Z",
      task_id: "load",
      map_index: null,
      try_number: 2,
      failure: { kind: "application", type: "TypeError", message: "no <rows> & more" },
      delivery_try: 1,
      deadline: null,
    });
  });

  test("renders a template, and takes headers from the worker's environment", async () => {
    await using server = await anHttpServer();
    vi.stubEnv("WEBHOOK_TEST_TOKEN", "hush");
    vi.stubEnv("WEBHOOK_TEST_URL", server.url);
    const hook = webhook({
      url: { env: "WEBHOOK_TEST_URL" },
      headers: { Authorization: { env: "WEBHOOK_TEST_TOKEN" }, "Content-Type": "text/plain" },
      body: '{"text": {{ failure.message | json }}, "task": "{{ task_id }}", "region": "{{ params.region }}"}',
    });
    await notify(hook);
    const [request] = server.received;
    expect(request?.headers).toMatchObject({ authorization: "hush", "content-type": "text/plain" });
    expect(bodyOf(request)).toEqual({ text: "no <rows> & more", task: "load", region: "eu" });
  });

  test("fails on every answer but 2xx, without telling the address's secrets", async () => {
    const answers = [
      { status: 500, body: "down" },
      { status: 302, headers: { location: "/x" } },
    ];
    await using server = await anHttpServer(...answers);
    const hook = webhook({ url: server.url });
    await expect(notify(hook)).rejects.toThrow(`webhook: ${server.host} answered 500: down`);
    await expect(notify(hook)).rejects.toThrow(/^webhook: 127\.0\.0\.1:\d+ answered 302$/);
    expect(server.received).toHaveLength(2);
  });

  test("waits as long as the answer asks", async () => {
    await using server = await anHttpServer({ status: 429, headers: { "retry-after": "90" } });
    const { outcomeOfThrown } = await import("@millrace/sdk/spec");
    const thrown: unknown = await notify(webhook({ url: server.url })).catch(
      (error: unknown) => error,
    );
    expect(outcomeOfThrown(thrown)).toMatchObject({ failure: { retryAfterMs: 90_000 } });
  });

  test("says which variable the worker lacks, and refuses what is no template", async () => {
    await expect(notify(webhook({ url: { env: "NOT_THERE" } }))).rejects.toThrow(
      "webhook: url is in the environment variable NOT_THERE, which this worker does not have",
    );
    expect(() => webhook({ url: "http://x", body: "{{ title" })).toThrow(
      "webhook: body is no Liquid template",
    );
  });
});

describe("slack", () => {
  test("says what happened in one line, and the facts in blocks", async () => {
    await using server = await anHttpServer();
    const event = anEvent({ task: { id: "load", mapIndex: 3 } });
    await notify(slack({ webhookUrl: server.url }), event);
    const message = bodyOf(server.received[0]) as { text: string; blocks: unknown[] };
    expect(message.text).toBe("Task load[3] of etl failed: TypeError: no &lt;rows&gt; &amp; more");
    expect(message.blocks).toMatchObject([
      { type: "section", text: { type: "mrkdwn", text: ":x: *Task load[3] of etl failed*" } },
      { type: "section", fields: expect.arrayContaining([{ type: "mrkdwn", text: "*Try*\n2" }]) },
      { text: { text: "```TypeError: no &lt;rows&gt; &amp; more```" } },
    ]);
  });

  test("says of a run that it succeeded, and nothing of a failure", async () => {
    await using server = await anHttpServer();
    const event = anEvent({ event: "success", task: null, tryNumber: null, failure: null });
    await notify(slack({ webhookUrl: server.url }), event);
    expect(bodyOf(server.received[0])).toMatchObject({
      text: "Run of etl succeeded",
      blocks: [{}, { fields: [{}, { text: `*Run*\n${run.name}` }, {}] }],
    });
  });

  test("renders a template, in which values cannot call people", async () => {
    await using server = await anHttpServer();
    vi.stubEnv("SLACK_WEBHOOK_URL", server.url);
    const failure = {
      kind: "application",
      type: "",
      message: "<!channel> boom",
      stack: "",
    } as const;
    await notify(slack({ text: "*{{ dag_id }}*: {{ failure.message }}" }), anEvent({ failure }));
    expect(bodyOf(server.received[0])).toMatchObject({ text: "*etl*: &lt;!channel&gt; boom" });
  });
});
