import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { HandlerContext } from "@connectrpc/connect";
import { TaskState } from "@millrace/wire/v1";
import { refusal } from "./fake-errors.ts";
import { workerSlots } from "./fake-world.ts";
import type { FakeWorld } from "./fake-world.ts";

/** What lets one in. The token is good any number of times, so that pages can be opened again while developing. */
export const fakeToken = "fake-token";
export const fakeKey = "fake-key";
export const sessionCookie = "millrace_session=fake-session";

export function systemService(world: FakeWorld) {
  return {
    getVersion: () => ({ version: "0.1.0", workerProtocol: 1 }),
    getHealth: () => ({
      isHealthy: false,
      parts: [
        { name: "database", isHealthy: true, message: "PostgreSQL 18.4 answers in 0.4 ms." },
        { name: "bus", isHealthy: true, message: "In this process; no other node." },
        { name: "shards", isHealthy: true, message: "64 of 64 shards have an owner." },
        { name: "workers", isHealthy: false, message: 'No worker serves the queue "python".' },
      ],
    }),
    listWorkers() {
      const running = world.running();
      return {
        workers: [
          ...["a", "b"].map((name, ix) => ({
            ...worker(ix),
            sessionId: `ses_${name}01`,
            name: `worker-${name}`,
            slots: workerSlots / 2,
            running: Math.floor((running + ix) / 2),
          })),
          {
            ...worker(2),
            sessionId: "ses_t01",
            name: "triggerer-a",
            handlers: ["trigger/http", "trigger/file"],
            slots: 10_000,
            running: world.running(TaskState.DEFERRED),
          },
        ],
      };
    },
    login({ token }: { token: string }, context: HandlerContext) {
      if (token !== fakeToken && token !== fakeKey) {
        throw refusal(
          Code.Unauthenticated,
          "LOGIN_REFUSED",
          "The login token is unknown, used or expired; make a new one with `millrace up` or the CLI.",
        );
      }
      context.responseHeader.set(
        "set-cookie",
        `${sessionCookie}; Path=/; HttpOnly; SameSite=Strict`,
      );
      return { name: "admin" };
    },
    logout(_request: unknown, context: HandlerContext) {
      context.responseHeader.set("set-cookie", "millrace_session=; Path=/; Max-Age=0");
      return {};
    },
    whoAmI: () => ({ name: "admin", role: "admin" }),
  };
}

function worker(ix: number) {
  return {
    queues: ["default"],
    handlers: [],
    sdk: "typescript 0.1.0",
    node: "node-1",
    startedAt: timestampFromMs(Date.now() - 3_720_000),
    renewedAt: timestampFromMs(Date.now() - 2_400 * (ix + 1)),
  };
}
