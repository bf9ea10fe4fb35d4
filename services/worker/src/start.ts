import { runWorker, type WorkerHandle, type WorkerLog } from "@millrace/sdk/worker";
import { syncFolder } from "./folder-sync.ts";

/** Where the server is, and what a worker may do there. */
export type WorkerAccess = {
  /** "host:port" of a server's gRPC port. */
  readonly server: string;
  /** The worker key. */
  readonly key: string;
  /** A key that may register DAGs; needed with `dagFolder`. */
  readonly deployKey?: string | undefined;
};

export type StartWorkerOptions = {
  /** May come later than the rest: threads are started and the folder is compiled meanwhile. */
  readonly access: WorkerAccess | Promise<WorkerAccess>;
  /** For people, in lists; unique among workers. Default: the machine's name and the process id. */
  readonly name?: string | undefined;
  readonly queues: readonly string[];
  /** How many tasks it runs at a time. 1 to 10,000. */
  readonly slots: number;
  /** Where bundles are kept between starts. */
  readonly cacheDir: string;
  /** A folder to compile, register and watch. Its last part names it on the server. */
  readonly dagFolder?: string | undefined;
  /**
   * How long bodies may go on when the worker stops. Default 25,000: with what follows, a stop fits into the 30 s that
   * supervisors of processes usually give.
   */
  readonly drainMs?: number | undefined;
  /** Told of the first session, and of each that takes its place. */
  readonly onSession?: ((sessionId: string) => void) | undefined;
  readonly log: WorkerLog;
  /** Ends the start, which otherwise waits for a server as long as it takes, and the watching of the folder. */
  readonly signal?: AbortSignal | undefined;
};

export type StartedWorker = {
  readonly sessionId: string;
  /** Gives back what has not begun, lets the rest end, ends the session. Called again, or with 0, it is at once. */
  stop(options?: { readonly drainMs?: number }): Promise<void>;
  /** Resolves after it has stopped, rejects when it has died. */
  readonly stopped: Promise<void>;
};

const defaultDrainMs = 25_000;

/**
 * Starts a worker, and with `dagFolder` brings that folder to the server first and after every change. Resolves once
 * the server knows the folder and the worker; waits as long as the server cannot be reached.
 *
 * @throws MillraceError when the server refuses a key, or an option is wrong.
 */
export async function startWorker(options: StartWorkerOptions): Promise<StartedWorker> {
  const watching = new AbortController();
  const signal =
    options.signal === undefined
      ? watching.signal
      : AbortSignal.any([watching.signal, options.signal]);
  const access = Promise.resolve(options.access);
  const starting = runWorker({ ...workerOptions(options), access, signal });
  try {
    const [worker] = await Promise.all([starting, sync(options, access, signal)]);
    return started(worker, watching);
  } catch (error) {
    watching.abort(error);
    await starting.then((worker) => worker.stop({ drainMs: 0 })).catch(() => undefined);
    throw error;
  }
}

function workerOptions({
  name,
  queues,
  slots,
  cacheDir,
  drainMs = defaultDrainMs,
  onSession,
  log,
}: StartWorkerOptions) {
  return {
    name,
    queues,
    slots,
    bundleCacheDir: cacheDir,
    drainMs,
    handlesSignals: false,
    onSession,
    log,
  };
}

async function sync(
  { dagFolder, log }: StartWorkerOptions,
  access: Promise<WorkerAccess>,
  signal: AbortSignal,
): Promise<void> {
  if (dagFolder === undefined) return;
  const deploying = access.then(({ server, deployKey = "" }) => {
    if (deployKey !== "") return { server, key: deployKey };
    throw new Error("A worker with a dagFolder needs a deployKey to register its DAGs with.");
  });
  // It is heard once the folder is compiled.
  deploying.catch(() => undefined);
  await syncFolder({ dir: dagFolder, access: deploying, log, signal });
}

function started(worker: WorkerHandle, watching: AbortController): StartedWorker {
  return {
    get sessionId() {
      return worker.sessionId;
    },
    stop: async (how) => {
      watching.abort();
      await worker.stop(how);
    },
    stopped: worker.stopped,
  };
}
