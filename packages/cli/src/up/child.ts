/** A part of `millrace up` in a process of its own: started, watched, started again, stopped. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export type ChildOptions = {
  readonly name: string;
  /** The file to run, and its arguments. */
  readonly file: string;
  readonly args: readonly string[];
  /** Flags of Node, besides those of this process. */
  readonly nodeFlags?: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Said to it, and to each that takes its place, over its channel, once it is known. */
  readonly greeting?: Promise<object>;
  /** What it sends over its channel. */
  readonly onMessage?: (message: unknown, pid: number) => void;
  /** Told when it has ended without being asked; it is started again after a pause. */
  readonly onDeath: (how: string) => void;
};

export type Child = { readonly pid: () => number | undefined; stop(): Promise<void> };

const restartPauseMs = 1_000;
/** A worker drains for up to 30 s; then it is killed. */
const stopLimitMs = 35_000;

/**
 * Children are in process groups of their own, so that Ctrl+C reaches this process alone and they stop in order. They
 * hold an IPC channel, and end by themselves when it breaks: nothing is left behind if this process is killed.
 */
export function startChild(options: ChildOptions): Child {
  let current: ChildProcess | undefined;
  let isStopping = false;
  let ended: Promise<void> = Promise.resolve();
  const start = () => {
    const log = createWriteStream(options.logFile, { flags: "a" });
    const child = fork(options.file, options.args, {
      ...(options.cwd && { cwd: options.cwd }),
      execArgv: [...process.execArgv, ...(options.nodeFlags ?? [])],
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
    });
    child.stdout!.pipe(log, { end: false });
    child.stderr!.pipe(log, { end: false });
    child.on("message", (message) => options.onMessage?.(message, child.pid!));
    void options.greeting?.then((greeting) => {
      if (child.connected) child.send(greeting);
    });
    current = child;
    ended = new Promise((done) => {
      child.once("exit", (code, signal) => {
        log.end();
        done();
        if (isStopping) return;
        options.onDeath(signal ? `was ended by ${signal}` : `ended with code ${code}`);
        void delay(restartPauseMs).then(() => {
          if (!isStopping) start();
        });
      });
    });
  };
  start();
  return {
    pid: () => current?.pid,
    async stop() {
      isStopping = true;
      const child = current;
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopLimitMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** For the child's side: what the greeting says of the server's gRPC address. */
export async function serverOfParent(): Promise<string> {
  const [{ server }] = (await once(process, "message")) as [{ server: string }];
  return server;
}

/** For the child's side: ends the process in order when its parent is gone. The signal tells that this is why. */
export function stopWithParent(): AbortSignal {
  const orphaned = new AbortController();
  if (!process.channel) return orphaned.signal;
  process.channel.unref();
  process.once("disconnect", () => {
    orphaned.abort();
    process.kill(process.pid, "SIGTERM");
  });
  return orphaned.signal;
}
