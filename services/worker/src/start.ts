import { operatorTriggers } from "@millrace/operators/triggers";
import { MillraceError } from "@millrace/sdk";
import { runTriggerer, runWorker, type WorkerHandle, type WorkerLog } from "@millrace/sdk/worker";
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
  /** How many tasks it runs at a time. 0 to 10,000; 0 runs none and only watches. */
  readonly slots: number;
  /** How many waits of tasks it watches at a time, in a session of its own. 0 to 10,000; default 10,000. */
  readonly triggerSlots?: number | undefined;
  /** Where bundles are kept between starts. */
  readonly cacheDir: string;
  /** A folder to compile, register and watch. Its last part names it on the server. */
  readonly dagFolder?: string | undefined;
  /**
   * How long bodies may go on when the worker stops. Default 25,000: with what follows, a stop fits into the 30 s that
   * supervisors of processes usually give.
   */
  readonly drainMs?: number | undefined;
  /** Told of its sessions, at most two, whenever one is opened. */
  readonly onSessions?: ((sessionIds: readonly string[]) => void) | undefined;
  readonly log: WorkerLog;
  /** Ends the start, which otherwise waits for a server as long as it takes, and the watching of the folder. */
  readonly signal?: AbortSignal | undefined;
};

export type StartedWorker = {
  /** Gives back what has not begun, lets the rest end, ends the session. Called again, or with 0, it is at once. */
  stop(options?: { readonly drainMs?: number }): Promise<void>;
  /** Resolves after it has stopped, rejects when it has died. */
  readonly stopped: Promise<void>;
};

const defaultDrainMs = 25_000;
const defaultTriggerSlots = 10_000;

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
  const starting = startSessions(options, access, signal);
  try {
    const [workers] = await Promise.all([Promise.all(starting), sync(options, access, signal)]);
    return started(workers, watching);
  } catch (error) {
    watching.abort(error);
    await Promise.all(
      starting.map((one) => one.then((it) => it.stop({ drainMs: 0 })).catch(() => undefined)),
    );
    throw error;
  }
}

/** A session for bodies, and one for waits: each only where it has slots. */
function startSessions(
  options: StartWorkerOptions,
  access: Promise<WorkerAccess>,
  signal: AbortSignal,
): Promise<WorkerHandle>[] {
  const { name, queues, slots, triggerSlots = defaultTriggerSlots, log } = options;
  if (slots === 0 && triggerSlots === 0) {
    throw new MillraceError(
      "FIELD_INVALID",
      "A worker with slots 0 and triggerSlots 0 would do nothing; give it one of them.",
    );
  }
  const sessionIds: string[] = [];
  const note = (place: number) => (sessionId: string) => {
    sessionIds[place] = sessionId;
    options.onSessions?.(sessionIds.filter((id) => id !== undefined));
  };
  const shared = { queues, access, signal, log, handlesSignals: false };
  const { cacheDir: bundleCacheDir, drainMs = defaultDrainMs } = options;
  const worker = () =>
    runWorker({ ...shared, name, slots, bundleCacheDir, drainMs, onSession: note(0) });
  const triggerer = () =>
    runTriggerer({
      ...shared,
      name: name && triggererName(name),
      slots: triggerSlots,
      triggers: operatorTriggers,
      onSession: note(1),
    });
  return [...(slots > 0 ? [worker()] : []), ...(triggerSlots > 0 ? [triggerer()] : [])];
}

/** Characters of a worker's name. */
const nameCharsMax = 200;

function triggererName(name: string): string {
  const suffix = " (waits)";
  return `${name.slice(0, nameCharsMax - suffix.length)}${suffix}`;
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

function started(workers: readonly WorkerHandle[], watching: AbortController): StartedWorker {
  const stopped = endOf(workers);
  // Whoever started the worker may not be interested in how it ended.
  stopped.catch(() => undefined);
  return {
    stop: async (how) => {
      watching.abort();
      await Promise.all(workers.map((worker) => worker.stop(how)));
    },
    stopped,
  };
}

/** After all have stopped; at once where one has died. */
async function endOf(workers: readonly WorkerHandle[]): Promise<void> {
  await Promise.all(workers.map(({ stopped }) => stopped));
}
