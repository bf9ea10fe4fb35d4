/** One scenario's server, worker process and folder; all are gone when it is disposed of. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Message, MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { TaskKind } from "@millrace/wire/v1";
import type { AssignmentSchema, Result, Succeeded } from "@millrace/wire/worker";
import { ScriptedServer, workerKey } from "./scripted-server.ts";
import type { WorkerFlags, WorkerUnderTest } from "./workers/table.ts";

type AssignmentInit = Exclude<MessageInitShape<typeof AssignmentSchema>, Message>;

export const queue = "conformance";
export const slots = 4;

const utf8 = new TextEncoder();
const text = new TextDecoder();
const fileCheckMs = 10;
/** Seconds. More than any wait here: a body that is given up, as one is that had no turn for so long, can note nothing. */
const cancelGrace = 60;

export type BenchOptions = {
  readonly key?: string;
  /** Seconds. */
  readonly drainGrace?: number;
  /** Starts it as a triggerer: without slots for tasks, and with as many for what they wait for. */
  readonly isTriggerer?: boolean;
  /** Called before the worker starts. */
  readonly script?: (server: ScriptedServer) => void;
};

/** Folder of a `hold` or `block` body: what it noted, and the way to let it end. */
export type Hold = {
  readonly folder: string;
  readonly notes: () => string[];
  readonly release: () => void;
};

export class Bench {
  readonly server: ScriptedServer;
  readonly folder: string;
  readonly process: ChildProcess;
  /** What the worker wrote about itself, for the message of a failed test. */
  said = "";
  #hasExited = false;
  readonly #watch: NodeJS.Timeout;

  static async start(worker: WorkerUnderTest, options: BenchOptions = {}): Promise<Bench> {
    const folder = await mkdtemp(path.join(tmpdir(), "millrace-conformance-"));
    const server = await new ScriptedServer().start();
    options.script?.(server);
    const keyFile = path.join(folder, "worker.key");
    await writeFile(keyFile, options.key ?? workerKey, { mode: 0o600 });
    return new Bench(worker, server, folder, {
      server: server.address,
      "key-file": keyFile,
      queue,
      slots: String(options.isTriggerer === true ? 0 : slots),
      "trigger-slots": String(options.isTriggerer === true ? slots : 0),
      name: "conformance",
      "cancel-grace": String(cancelGrace),
      "drain-grace": String(options.drainGrace ?? 20),
    });
  }

  private constructor(
    worker: WorkerUnderTest,
    server: ScriptedServer,
    folder: string,
    flags: WorkerFlags,
  ) {
    this.server = server;
    this.folder = folder;
    const [command = "", ...args] = worker.command(flags, folder);
    this.process = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], cwd: folder });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding("utf8").on("data", (chunk: string) => (this.said += chunk));
    }
    // Only then has all been read that it wrote.
    this.process.on("close", () => {
      this.#hasExited = true;
      server.changed();
    });
    server.worker = this;
    // Notes of bodies are files: a scenario that waits for one has to look.
    this.#watch = setInterval(() => server.changed(), fileCheckMs);
  }

  /** An assignment for one of the handlers every worker under test has. */
  task(
    attemptId: string,
    handler: string,
    args: readonly unknown[] = [],
    more: Omit<AssignmentInit, "run"> = {},
  ): AssignmentInit {
    return {
      attemptId,
      handler,
      taskId: handler,
      kind: TaskKind.EXTERNAL,
      mapIndex: -1,
      tryNumber: 1,
      maxTries: 1,
      args: utf8.encode(JSON.stringify(args)),
      fencing: "1",
      idempotencyKey: `run_1/${handler}`,
      run: {
        runId: "run_1",
        dagId: "conformance",
        runName: "manual__1",
        dagVersion: 1,
        runAfter: timestampFromMs(Date.UTC(2026, 0, 1)),
        params: { data: utf8.encode('{"region":"eu"}') },
      },
      ...more,
    };
  }

  /** Assigns a body that holds, by default one that waits meanwhile, and waits until it has begun. */
  async hold(attemptId: string, handler: "hold" | "block" = "hold"): Promise<Hold> {
    const folder = path.join(this.folder, attemptId);
    await mkdir(folder);
    const notes = (): string[] => notesIn(folder);
    this.server.assign(this.task(attemptId, handler, [folder]));
    await this.server.until(() => notes().includes("begun"), `${attemptId} to begin`);
    return { folder, notes, release: () => writeFileSync(path.join(folder, "release"), "") };
  }

  async untilStopped(hold: Hold): Promise<void> {
    await this.server.until(() => hold.notes().includes("stopped"), "the body to stop");
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  async exitCode(): Promise<number | null> {
    await this.server.until(() => this.hasExited, "the worker to exit");
    return this.process.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#watch);
    if (!this.hasExited) {
      const exit = once(this.process, "close");
      this.process.kill("SIGKILL");
      await exit;
    }
    await this.server[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** What bodies have noted in a folder, in order. */
export function notesIn(folder: string): string[] {
  const file = path.join(folder, "notes");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

/** @throws Error when the attempt did not succeed. */
export function succeededOf({ outcome }: Result): Succeeded {
  if (outcome.case === "succeeded") return outcome.value;
  const why = outcome.case === "failed" ? outcome.value.message : outcome.case;
  throw new Error(`The attempt did not succeed: ${why}`);
}

/** The JSON of the value an attempt succeeded with. @throws Error when it did not. */
export function valueOf(result: Result): unknown {
  const { returnValue } = succeededOf(result);
  return returnValue === undefined ? undefined : JSON.parse(text.decode(returnValue.data));
}
