/** A failing task's webhook arrives: the real server, the real worker, a real HTTP server at the other end. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { CallbackEvent, DeliveryState, RunState } from "@millrace/wire/v1";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startUp, type Millrace } from "./millrace.ts";
import { waitFor } from "./wait.ts";

const dags = fileURLToPath(new URL("callbacks", import.meta.url));
const limitMs = 90_000;

type Call = {
  readonly key: string;
  readonly token: string;
  readonly body: Record<string, unknown>;
};

const calls: Call[] = [];
const other = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { "idempotency-key": key, authorization } = request.headers;
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    calls.push({ key: String(key), token: String(authorization), body });
    response.end();
  });
});
let millrace: Millrace;

beforeAll(async () => {
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  const env = { ALARM_URL: `http://127.0.0.1:${port}/alarm`, ALARM_TOKEN: "hush" };
  millrace = await startUp({ dags, env });
  await millrace.api.dagsAre(1);
}, limitMs);

afterAll(async () => {
  await millrace[Symbol.asyncDispose]();
  other.closeAllConnections();
  other.close();
}, limitMs);

test(
  "the webhooks of a failing task and of its run arrive, once each",
  { timeout: limitMs },
  async () => {
    const { runId, state } = await millrace.api.run("alarm");
    expect(state).toBe(RunState.FAILED);
    await waitFor("two calls", () => calls.length === 2);
    const ofTask = calls.find(({ body }) => body["task_id"] === "never");
    expect(ofTask).toMatchObject({
      token: "hush",
      body: {
        ...{ title: "Task never of alarm failed", event: "failure", dag_id: "alarm" },
        ...{ run_key: runId, try_number: 2, delivery_try: 1 },
        failure: { kind: "application", type: "TypeError", message: "it never works" },
      },
    });
    const ofRun = calls.find(({ body }) => body["task_id"] === null);
    expect(ofRun?.body).toMatchObject({ title: "Run of alarm failed", run_state: "failed" });
    expect(ofRun?.key).not.toBe(ofTask?.key);

    const all = await waitFor("all deliveries", async () => {
      const { deliveries } = await millrace.api.tasks.listCallbackDeliveries({ runId });
      return deliveries.every((one) => one.state === DeliveryState.DELIVERED) ? deliveries : null;
    });
    expect(all.every(({ event, tries }) => event === CallbackEvent.FAILURE && tries === 1)).toBe(
      true,
    );
    expect(all.map(({ taskId, name }) => `${name} of ${taskId || "the run"}`).toSorted()).toEqual([
      "note of never",
      "webhook of never",
      "webhook of the run",
    ]);
    expect(calls).toHaveLength(2);
  },
);
