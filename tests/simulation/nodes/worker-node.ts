/**
 * A worker process: the product's session, stream, outbox and dispatcher as its session thread wires them, and its executor
 * with scripted bodies in the place of threads.
 */

import { VerdictKind, type Verdict } from "@millrace/wire/worker";
import { answerTo } from "../../../packages/sdk/src/worker/asks.ts";
import type { BundleCache } from "../../../packages/sdk/src/worker/bundle-cache.ts";
import type { Connection } from "../../../packages/sdk/src/worker/connection.ts";
import { Dispatcher } from "../../../packages/sdk/src/worker/dispatcher.ts";
import { Executor } from "../../../packages/sdk/src/worker/executor.ts";
import { watchMs } from "../../../packages/sdk/src/worker/limits.ts";
import { LogShipper } from "../../../packages/sdk/src/worker/log-shipper.ts";
import type { ToRunner, Work } from "../../../packages/sdk/src/worker/messages.ts";
import { Outbox } from "../../../packages/sdk/src/worker/outbox.ts";
import type { Place } from "../../../packages/sdk/src/worker/place.ts";
import { resultOf } from "../../../packages/sdk/src/worker/results.ts";
import { Reporter } from "../../../packages/sdk/src/worker/reporter.ts";
import { SessionKeeper } from "../../../packages/sdk/src/worker/session-keeper.ts";
import { StoredResults } from "../../../packages/sdk/src/worker/stored-results.ts";
import { WorkStream } from "../../../packages/sdk/src/worker/work-stream.ts";
import type { Reports } from "../../../packages/sdk/src/triggerer/watches.ts";
import { createConnection } from "../connection.ts";
import type { VirtualProcess } from "../machine.ts";
import { createQuietLog } from "../quiet-log.ts";
import { codeOf } from "../workload/bodies.ts";
import type { World } from "../world.ts";
import { isForAsset, startWatching } from "./watching.ts";

export type WorkerNode = {
  readonly process: VirtualProcess;
  /** The session it has just now. */
  sessionId(): string | null;
  /** Ends in order: what runs may end, what has not begun is given back. */
  stop(): void;
};

export type WorkerOptions = {
  readonly slots: number;
  readonly queues: readonly string[];
  /** What it watches; none means that it runs bundles. */
  readonly handlers: readonly string[];
};

const graceMs = 10_000;
const drainMs = 5_000;

export function startWorkerNode(world: World, name: string, options: WorkerOptions): WorkerNode {
  const process = world.spawn(name);
  return process.enter(() => wire(world, process, options));
}

function wire(
  world: World,
  process: VirtualProcess,
  { slots, queues, handlers }: WorkerOptions,
): WorkerNode {
  const log = createQuietLog(process, world.trace, world.onLog);
  const connection = createConnection({
    ...{ process, network: world.network, faults: world.faults.connection },
    random: process.random.fork("connection"),
    servers: () => world.apis.filter((api) => api.process.isAlive),
    onFault: world.onFault,
    onRequest: ({ message }) => {
      if (message.case === "results")
        world.look(() => world.ledger.onResults(message.value.results));
    },
    onResponse: ({ message }) => {
      if (message.case !== "verdicts") return;
      const { verdicts } = message.value;
      world.look(() => world.ledger.onVerdicts(verdicts));
      world.look(() => world.timetables.onVerdicts(verdicts));
    },
  }) as unknown as Connection;
  const inventory = (): string[] => [
    ...dispatcher.attemptIds(),
    ...watches.attemptIds(),
    ...reporter.attemptIds(),
  ];
  const outbox = new Outbox(log);
  const keeper: SessionKeeper = new SessionKeeper({
    connection,
    announce: {
      workerName: process.name,
      sdk: "simulated",
      protocol: 1,
      queues: [...queues],
      handlers: [...handlers],
      runsBundles: handlers.length === 0,
      slots,
    },
    log,
    inventory: () => inventory(),
    onVerdicts: onRenewed,
    onSession: (session) => stream.attach(session),
    onRefused: (error) => world.trace.note(process.name, "is refused", { error }),
  });
  const onExpired = (sessionId: string): void => keeper.expired(sessionId);
  const logs = new LogShipper({ connection, log, session: () => keeper.session, onExpired });
  const results = new StoredResults({
    outbox,
    store: () => Promise.reject(new Error("Simulated bodies return nothing large.")),
    onResult: () => stream.flush(),
  });
  const reporter: Reporter = new Reporter(logs, results);
  const executor = new Executor({
    post: (message) => process.soon(() => dispatcher.onMessage(message)),
    loadCode(work) {
      const isHeld = (): boolean => inventory().includes(work.attemptId);
      // Once for an attempt; a sensor's body is called for each look.
      world.look(() =>
        world.ledger.onBegin(work.attemptId, { process, isHeld, beganAt: world.machine.now }),
      );
      world.trace.note(process.name, `begins ${work.attemptId}`);
      return codeOf(world, process, work);
    },
    claim: () => true,
  });
  const tell = (message: ToRunner): void => void process.soon(() => executor.receive(message));
  const asking = {
    ...{ connection, onExpired, session: () => keeper.session },
    fetch: () => Promise.reject(new Error("Simulated bodies return nothing large.")),
  };
  const place: Place = {
    takeBack: () => false,
    answer: (attemptId, askId, answer) => tell({ kind: "answer", attemptId, askId, answer }),
    stop: (attemptId, cause) => tell({ kind: "stop", attemptId, cause }),
    giveUp: () => undefined,
  };
  const started: Work[] = [];
  const bundles = { ready: () => "bundle", fetch: () => Promise.resolve("bundle") };
  const dispatcher: Dispatcher = new Dispatcher({
    ...{ slots, graceMs, handlers, reporter, log },
    bundles: bundles as unknown as BundleCache,
    fetchValues: (assignment) => Promise.resolve(assignment),
    ask: (attemptId, ask) => answerTo(asking, attemptId, ask),
    start(task) {
      started.push(task.work);
      return place;
    },
    flushStarts() {
      const works = started.splice(0);
      tell({ kind: "run", works });
    },
    onChange: () => stream.flush(),
  });
  const reports: Reports = {
    get size() {
      return results.size;
    },
    has: (attemptId) => results.has(attemptId),
    add: (attemptId, outcome) => results.add(resultOf(attemptId, outcome)),
    drop: (attemptId) => results.drop(attemptId),
  };
  const watches = startWatching(world, process, { reports, log, onChange: () => stream.flush() });
  const stream: WorkStream = new WorkStream({
    ...{ connection, outbox, log, onVerdicts, onExpired },
    room: () => dispatcher.room,
    onAssignments(assignments) {
      watches.receive(assignments.filter(isForAsset));
      dispatcher.receive(assignments.filter((assignment) => !isForAsset(assignment)));
    },
    onCancels: cancel,
  });

  function cancel(attemptIds: readonly string[]): void {
    dispatcher.cancel(attemptIds);
    watches.cancel(attemptIds);
  }

  /** As the session thread takes what a renewal says about attempts. */
  function onRenewed(verdicts: readonly Verdict[]): void {
    const isCancel = ({ kind }: Verdict): boolean => kind === VerdictKind.CANCEL_REQUESTED;
    cancel(verdicts.filter(isCancel).map(({ attemptId }) => attemptId));
    onVerdicts(verdicts.filter((verdict) => !isCancel(verdict)));
  }

  /** As the session thread takes verdicts on results. */
  function onVerdicts(verdicts: readonly Verdict[]): void {
    for (const verdict of verdicts) {
      const { attemptId, kind } = verdict;
      if (kind !== VerdictKind.OK)
        world.trace.note(process.name, `is told ${attemptId} ${kind} ${verdict.staleReason}`);
      if (outbox.has(attemptId)) outbox.onVerdict(verdict);
      else if (kind === VerdictKind.CANCEL_REQUESTED) cancel([attemptId]);
      else if (kind !== VerdictKind.OK) {
        dispatcher.drop(attemptId);
        watches.drop(attemptId);
      }
    }
    stream.flush();
  }

  async function stop(): Promise<void> {
    dispatcher.drain();
    watches.drain();
    stream.flush();
    await new Promise((resolve) => setTimeout(resolve, drainMs));
    logs.stop();
    stream.stop();
    await keeper.stop();
    process.kill();
  }

  keeper.start();
  setInterval(() => {
    dispatcher.watch();
    outbox.sweep();
    stream.flush();
  }, watchMs);
  return {
    process,
    sessionId: () => keeper.session?.sessionId ?? null,
    stop: () => process.enter(() => void stop()),
  };
}
