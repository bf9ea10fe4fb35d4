/** Attempts with `isolation: "process"`: each in a child process that leads a process group, so that it can be killed whole. */

import { fork, type ChildProcess, type StdioOptions } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bodyEnvironment } from "./environment.ts";
import {
  lifelineFd,
  type Answer,
  type Ended,
  type FromRunner,
  type LogStream,
  type StopCause,
  type Work,
} from "./messages.ts";
import { LogLines } from "./log-lines.ts";
import { plainFailure } from "./outcome.ts";
import type { Place } from "./place.ts";
import { threadFile } from "./thread-file.ts";

export class ProcessPlace implements Place {
  readonly #onMessage: (message: FromRunner) => void;
  readonly #children = new Map<string, ChildProcess>();

  constructor(onMessage: (message: FromRunner) => void) {
    this.#onMessage = onMessage;
  }

  run(work: Work, env: Readonly<Record<string, string>>): void {
    const { attemptId } = work;
    const child = fork(fileURLToPath(threadFile("worker/process-entry", import.meta.url)), {
      env: { ...bodyEnvironment(), ...env },
      execArgv: [],
      detached: true,
      serialization: "advanced",
      stdio: childStdio(),
    });
    this.#children.set(attemptId, child);
    const pipes = this.#readPipes(child, attemptId);
    child.on("message", (message: FromRunner) => {
      if (message.kind === "ready")
        child.send({ kind: "run", works: [{ ...work, cell: -1, serial: 0 }] });
      else if (message.kind === "batch" && message.ended.length > 0) {
        pipes.end();
        this.#forget(attemptId);
        this.#onMessage(message);
      } else this.#onMessage(message);
    });
    // Both a child that could not be started and one that died come to this, once.
    const onEnd = (why: string): void => {
      if (!this.#children.has(attemptId)) return;
      pipes.end();
      this.#forget(attemptId);
      this.#onMessage({ kind: "batch", logs: [], ended: [exited(attemptId, why)] });
    };
    child.on("error", (error) => onEnd(`The process of the body failed: ${error.message}`));
    child.on("close", (code, signal) =>
      onEnd(
        signal === null
          ? `The process of the body ended with code ${code}.`
          : `The process of the body was ended by ${signal}.`,
      ),
    );
  }

  /** The child is started with the attempt: there is no moment before. */
  takeBack(): boolean {
    return false;
  }

  answer(attemptId: string, askId: number, answer: Answer): void {
    const child = this.#children.get(attemptId);
    if (child?.connected === true) child.send({ kind: "answer", attemptId, askId, answer });
  }

  stop(attemptId: string, cause: StopCause): void {
    const child = this.#children.get(attemptId);
    if (child?.connected === true) child.send({ kind: "stop", attemptId, cause });
  }

  giveUp(attemptId: string): void {
    this.#forget(attemptId);
  }

  stopAll(): void {
    for (const attemptId of this.#children.keys()) this.#forget(attemptId);
  }

  #forget(attemptId: string): void {
    const child = this.#children.get(attemptId);
    this.#children.delete(attemptId);
    if (child?.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch (error) {
      // ESRCH: nothing of the group is left, which is what was wanted.
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }

  /** What native code and children of the child write; the rest comes as messages. */
  #readPipes(child: ChildProcess, attemptId: string): { end(): void } {
    const lines = new LogLines(() => flush());
    const flush = (): void => {
      if (lines.isEmpty || !this.#children.has(attemptId)) return;
      this.#onMessage({ kind: "batch", logs: [{ attemptId, entries: lines.take() }], ended: [] });
    };
    const read = (
      stream: NodeJS.ReadableStream | null,
      name: LogStream,
      level: "info" | "error",
    ): void => {
      stream?.setEncoding("utf8");
      stream?.on("data", (text: string) => lines.write(level, name, text));
    };
    read(child.stdout, "stdout", "info");
    read(child.stderr, "stderr", "error");
    return { end: () => lines.end() };
  }
}

function childStdio(): StdioOptions {
  const stdio: StdioOptions = ["ignore", "pipe", "pipe", "ipc"];
  stdio[lifelineFd] = "pipe";
  return stdio;
}

function exited(attemptId: string, why: string): Ended {
  return {
    attemptId,
    outcome: { kind: "failed", failure: plainFailure("exited", why) },
    xcoms: {},
    droppedLines: 0,
    tookMs: 0,
  };
}
