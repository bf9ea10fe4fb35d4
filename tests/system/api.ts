/** A program's view of a server: its rpcs, and waiting for runs. */
import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import {
  DagRunService,
  DagService,
  PoolService,
  RunState,
  SystemService,
  TaskInstanceService,
  type DagRun,
} from "@millrace/wire/v1";
import { randomUUID } from "node:crypto";
import { waitFor } from "./wait.ts";

export type Api = {
  readonly dags: Client<typeof DagService>;
  readonly runs: Client<typeof DagRunService>;
  readonly tasks: Client<typeof TaskInstanceService>;
  readonly pools: Client<typeof PoolService>;
  readonly system: Client<typeof SystemService>;
  /** Triggers, under the same id until the server answers; resolves with the run's id. */
  trigger(dagId: string, params?: object): Promise<string>;
  /** Waits until the run is final, through any outage. */
  end(runId: string, limitMs?: number): Promise<DagRun>;
  /** Triggers and waits. */
  run(dagId: string, params?: object): Promise<DagRun>;
  /** Waits until so many DAGs are registered. */
  dagsAre(count: number): Promise<void>;
};

/** One try of a call that is made again until it is answered; a test waits on the thing, not on the network. */
export const tryLimitMs = 5_000;
/** A call that is made once: a busy server is slow, not wrong. */
const callLimitMs = 60_000;

const oneTry = { timeoutMs: tryLimitMs };

export function apiAt(url: string, key: string): Api {
  const transport = createConnectTransport({
    baseUrl: url,
    httpVersion: "1.1",
    defaultTimeoutMs: callLimitMs,
    interceptors: [
      (next) => (request) => {
        request.header.set("authorization", `Bearer ${key}`);
        return next(request);
      },
    ],
  });
  const runs = createClient(DagRunService, transport);
  const dags = createClient(DagService, transport);
  const api: Api = {
    runs,
    dags,
    tasks: createClient(TaskInstanceService, transport),
    pools: createClient(PoolService, transport),
    system: createClient(SystemService, transport),
    async trigger(dagId, params) {
      const data = new TextEncoder().encode(JSON.stringify(params ?? {}));
      const request = { requestId: randomUUID(), dagId, params: { data } };
      let last: unknown;
      const answer = waitFor(`a run of ${dagId}`, () =>
        runs
          .triggerDagRun(request, oneTry)
          .catch((error: unknown) => unlessPassing((last = error))),
      );
      const { run } = await answer.catch((error: unknown) => {
        throw error === last ? error : new Error(`${String(error)} Last: ${String(last)}`);
      });
      return run!.runId;
    },
    end: (runId, limitMs) =>
      waitFor(
        `run ${runId} to end`,
        async () => {
          // While a server or its database is away there is no answer.
          const run = await runs.getDagRun({ runId }, oneTry).then(
            (answer) => answer.run,
            () => undefined,
          );
          return run?.state === RunState.SUCCESS || run?.state === RunState.FAILED ? run : null;
        },
        limitMs,
      ),
    run: async (dagId, params) => api.end(await api.trigger(dagId, params)),
    async dagsAre(count) {
      await waitFor(`${count} DAGs`, () =>
        dags.listDags({}, oneTry).then((answer) => answer.dags.length === count, unlessPassing),
      );
    },
  };
  return api;
}

/** A server that restarts, or is too busy to answer in time, is asked again; what it refuses, it refuses. */
function unlessPassing(error: unknown): null {
  const { code } = ConnectError.from(error);
  if ([Code.Unavailable, Code.DeadlineExceeded, Code.Aborted].includes(code)) return null;
  throw error;
}
