/** Results on their way to the owners of their runs, until each has its verdict. */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BusUnavailable, type Bus } from "@millrace/bus";
import type { Logger } from "@millrace/service";
import {
  ResultBatchSchema,
  SlotGrantSchema,
  VerdictBatchSchema,
  type SlotGrant,
} from "@millrace/wire/internal";
import { VerdictKind, type Result, type Verdict } from "@millrace/wire/worker";
import { workerLimits } from "../limits.ts";
import type { Owners } from "../owners.ts";
import type { WorkerSession } from "./session.ts";

export type PendingResult = {
  readonly session: WorkerSession;
  readonly shard: number;
  readonly result: Result;
  settle(verdict: Verdict): void;
};

/** A batch that an owner has not answered. It is not waited for once another node owns what it is about. */
type OpenRequest = {
  readonly nodeId: string;
  readonly shards: readonly number[];
  drop(): void;
};

export type ResultQueues = {
  add(pending: PendingResult): void;
  /** For each owner that may be sent a batch now: who has results in it, and how many. Batches are taken by `send`. */
  ready(): Map<string, ReadonlyMap<WorkerSession, number>>;
  /** Sends one batch to an owner, with slots it may fill at once. */
  send(nodeId: string, grants: readonly SlotGrant[]): void;
  stop(): void;
};

export type ResultQueuesOptions = {
  readonly bus: Bus;
  readonly owners: Owners;
  readonly log: Logger;
  /** There may be something to send again. */
  wake(): void;
  /** A batch got no answer: whether its slots arrived is not known. */
  onGrantsLost(nodeId: string, grants: readonly SlotGrant[]): void;
};

export function createResultQueues(options: ResultQueuesOptions): ResultQueues {
  const { bus, owners, log } = options;
  const queues = new Map<string, PendingResult[]>();
  const inFlight = new Map<string, number>();
  const requests = new Set<OpenRequest>();
  /** Results whose owner is not known just now. */
  let homeless: PendingResult[] = [];
  let retry: NodeJS.Timeout | undefined;
  let isStopped = false;

  owners.onLoss((nodeId, shards) => {
    for (const request of requests)
      if (request.nodeId === nodeId && request.shards.some((shard) => shards.has(shard)))
        request.drop();
  });

  function add(pending: PendingResult): void {
    const nodeId = owners.ownerOf(pending.shard);
    if (nodeId === null) return retryLater([pending]);
    const queue = queues.get(nodeId);
    if (queue === undefined) queues.set(nodeId, [pending]);
    else queue.push(pending);
  }

  function retryLater(pending: readonly PendingResult[]): void {
    homeless.push(...pending);
    if (homeless.length === 0 || isStopped) return;
    retry ??= setTimeout(() => void findHomes(), workerLimits.resultsRetryMs);
  }

  async function findHomes(): Promise<void> {
    try {
      await owners.refresh();
    } catch (error) {
      log.warn({ err: error }, "owners.unreadable");
    }
    retry = undefined;
    const again = homeless;
    homeless = [];
    for (const pending of again) add(pending);
    options.wake();
  }

  async function deliver(
    nodeId: string,
    batch: readonly PendingResult[],
    grants: readonly SlotGrant[],
  ): Promise<void> {
    inFlight.set(nodeId, (inFlight.get(nodeId) ?? 0) + 1);
    try {
      const verdicts = await ask(nodeId, batch, grants);
      const refused = batch.filter((pending, index) => !settle(pending, verdicts[index]));
      retryLater(refused);
    } catch (error) {
      log.warn({ node: nodeId, results: batch.length, err: error }, "results.unanswered");
      options.onGrantsLost(nodeId, grants);
      retryLater(batch);
    } finally {
      inFlight.set(nodeId, (inFlight.get(nodeId) ?? 1) - 1);
      options.wake();
    }
  }

  async function ask(
    nodeId: string,
    batch: readonly PendingResult[],
    grants: readonly SlotGrant[],
  ): Promise<Verdict[]> {
    const message = create(ResultBatchSchema, {
      apiNodeId: bus.nodeId,
      results: batch.map(({ session, result }) => ({ sessionKey: BigInt(session.key), result })),
      grants: [...grants],
    });
    const subject = `owner.${nodeId}.results`;
    const dropped = Promise.withResolvers<never>();
    const request: OpenRequest = {
      nodeId,
      shards: batch.map(({ shard }) => shard),
      drop: () => dropped.reject(new BusUnavailable(subject, "another node owns its shards now")),
    };
    requests.add(request);
    try {
      const asked = bus.request(subject, toBinary(ResultBatchSchema, message), {
        timeoutMs: workerLimits.resultsTimeoutMs,
      });
      const answer = await Promise.race([asked, dropped.promise]);
      return fromBinary(VerdictBatchSchema, answer).verdicts;
    } finally {
      requests.delete(request);
    }
  }

  return {
    add,
    ready() {
      const ready = new Map<string, Map<WorkerSession, number>>();
      for (const [nodeId, queue] of queues) {
        if (queue.length === 0 || (inFlight.get(nodeId) ?? 0) >= workerLimits.resultBatchesInFlight)
          continue;
        const counts = new Map<WorkerSession, number>();
        for (const { session } of queue) counts.set(session, (counts.get(session) ?? 0) + 1);
        ready.set(nodeId, counts);
      }
      return ready;
    },
    send(nodeId, grants) {
      const queue = queues.get(nodeId) ?? [];
      const batch = queue.splice(0, batchLength(queue));
      if (queue.length === 0) queues.delete(nodeId);
      else options.wake();
      void deliver(nodeId, batch, grants);
    },
    stop() {
      isStopped = true;
      clearTimeout(retry);
    },
  };
}

/** Whether the owner gave a verdict; an owner that is none for this shard gives UNSPECIFIED. */
function settle(pending: PendingResult, verdict: Verdict | undefined): boolean {
  if (verdict === undefined || verdict.kind === VerdictKind.UNSPECIFIED) return false;
  pending.settle(verdict);
  return true;
}

function batchLength(queue: readonly PendingResult[]): number {
  let bytes = 0;
  let length = 0;
  while (length < queue.length && length < workerLimits.resultsPerBatch) {
    bytes += sizeOf(queue[length]!.result);
    if (length > 0 && bytes > workerLimits.resultBatchBytes) break;
    length++;
  }
  return length;
}

function sizeOf({ outcome, xcoms }: Result): number {
  const left = Object.values(xcoms).reduce((sum, value) => sum + value.data.length, 0);
  return left + outcomeSize(outcome);
}

function outcomeSize({ case: kind, value }: Result["outcome"]): number {
  if (kind === "succeeded") return value.returnValue?.data.length ?? 0;
  if (kind !== "deferred") return 0;
  const config = value.trigger.case === "watch" ? value.trigger.value.config : undefined;
  return (value.state?.data.length ?? 0) + (config?.data.length ?? 0);
}

export function slotGrant(session: WorkerSession, slots: number): SlotGrant {
  return create(SlotGrantSchema, {
    sessionKey: BigInt(session.key),
    queues: [...session.queues],
    handlers: [...session.handlers],
    runsBundles: session.runsBundles,
    slots,
    workerName: session.workerName,
  });
}
