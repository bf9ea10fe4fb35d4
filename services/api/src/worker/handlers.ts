/** Every method of the worker service, and what keeps it going. */

import { createLoop, rpcService, type Loop, type RpcService } from "@millrace/service";
import { WorkerService } from "@millrace/wire/worker";
import { downloadBlob } from "../blobs/download-blob.ts";
import { uploadBlob } from "../blobs/upload-blob.ts";
import type { ApiContext } from "../context.ts";
import { appendLog } from "./append-log.ts";
import type { WorkerContext } from "./context.ts";
import { downloadBundle } from "./download-bundle.ts";
import { createGateway } from "./gateway.ts";
import { makeTaskToken } from "./make-task-token.ts";
import { lease, report } from "./lease.ts";
import { createLogStore } from "./log-store.ts";
import { closeSession, openWorkerSession } from "./open-session.ts";
import { pullXComsOf } from "./pull-xcoms.ts";
import { readAssetEvents } from "./read-asset-events.ts";
import { renewSession } from "./renew-session.ts";
import { createRenewals } from "./renewals.ts";
import { createSessions } from "./sessions.ts";
import { triggerDagRunOf } from "./trigger-dag-run.ts";
import { work } from "./work.ts";

const sweepEveryMs = 1_000;

export type WorkerPlane = {
  readonly service: RpcService;
  /** Ends all streams: workers go to another node. */
  stop(): Promise<void>;
};

export function startWorkerPlane(api: ApiContext): WorkerPlane {
  const sessions = createSessions(api.db);
  const gateway = createGateway({ ...api, sessions });
  const context: WorkerContext = {
    ...api,
    sessions,
    gateway,
    renewals: createRenewals(api),
    logs: createLogStore(api),
  };
  const loop: Loop = createLoop({
    name: "worker slots",
    intervalMs: sweepEveryMs,
    log: api.log,
    runOnce: () => gateway.sweep(),
  });
  loop.start();
  const service = rpcService(WorkerService, {
    openSession: openWorkerSession(context),
    renewSession: renewSession(context),
    closeSession: closeSession(context),
    work: work(context),
    lease: lease(context),
    report: report(context),
    appendLog: appendLog(context),
    makeTaskToken: makeTaskToken(context),
    pullXComs: pullXComsOf(context),
    triggerDagRun: triggerDagRunOf(context),
    readAssetEvents: readAssetEvents(context),
    uploadBlob: uploadBlob(context),
    downloadBlob: downloadBlob(context),
    downloadBundle: downloadBundle(context),
  });
  return {
    service,
    async stop() {
      gateway.stop();
      await loop.stop();
    },
  };
}
