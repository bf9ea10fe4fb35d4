/** Loads DAG files in a thread of their own, so that one that never ends, exits or eats memory is only an import error. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { DagSpec } from "@millrace/engine";
import { bodyEnvironment } from "../worker/environment.ts";
import { threadFile } from "../worker/thread-file.ts";
import { bundleDirPrefix } from "./limits.ts";

export type FileResult =
  | { readonly kind: "loaded"; readonly dags: readonly DagSpec[] }
  | { readonly kind: "failed"; readonly message: string };

/** From the thread to its host, in this order: loading and result for each file, then done. */
export type CompileThreadMessage =
  | { readonly kind: "loading"; readonly file: string }
  | { readonly kind: "result"; readonly file: string; readonly result: FileResult }
  | { readonly kind: "unloadable"; readonly message: string }
  | { readonly kind: "done" };

export type CompileThreadData = { readonly moduleUrl: string; readonly files: readonly string[] };

export type Evaluation =
  /** The module as a whole could not be loaded; which file is to blame is not known. */
  | { readonly kind: "unloadable"; readonly message: string }
  | { readonly kind: "files"; readonly results: ReadonlyMap<string, FileResult> };

/** Old-generation memory, MiB, that loading a folder may take. */
const memoryMaxMb = 1024;

export type EvaluateOptions = {
  /** How long one file may take. */
  readonly timeoutMs: number;
  /** Ends it. */
  readonly signal: AbortSignal;
};

/**
 * Loads each of `files` from a module made by `buildModule`, twice, and gives the DAGs they export.
 *
 * @throws the signal's reason when it aborts.
 */
export async function evaluate(
  text: string,
  files: readonly string[],
  options: EvaluateOptions,
): Promise<Evaluation> {
  const dir = await mkdtemp(path.join(tmpdir(), bundleDirPrefix));
  try {
    const modulePath = path.join(dir, "bundle.mjs");
    await writeFile(modulePath, text);
    const results = new Map<string, FileResult>();
    let left = files;
    while (left.length > 0) {
      const moduleUrl = pathToFileURL(modulePath).href;
      const unloadable = await runThread({ moduleUrl, files: left }, options, results);
      if (unloadable !== null) return { kind: "unloadable", message: unloadable };
      left = left.filter((file) => !results.has(file));
    }
    return { kind: "files", results };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Runs until every file has a result, or one file has ended the thread. Resolves with why nothing loads, or null. */
async function runThread(
  data: CompileThreadData,
  { timeoutMs, signal }: EvaluateOptions,
  results: Map<string, FileResult>,
): Promise<string | null> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const thread = new Worker(threadFile("bundle/compile-thread", import.meta.url), {
      workerData: data,
      env: bodyEnvironment(),
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: memoryMaxMb },
    });
    // What files print while they load is of no interest; unread pipes would hold the thread up.
    thread.stdout.resume();
    thread.stderr.resume();
    let current: string | null = null;
    let timer: NodeJS.Timeout | undefined;
    const leave = (): Promise<number> => {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
      thread.removeAllListeners();
      // A thread that is being terminated may still report an error, which concerns nobody any more.
      thread.on("error", () => undefined);
      return thread.terminate();
    };
    const giveUp = (): void => void leave().then(() => reject(signal.reason));
    signal.addEventListener("abort", giveUp);
    const end = (blame: string): void => {
      void leave();
      if (current === null) return resolve(blame);
      results.set(current, { kind: "failed", message: blame });
      resolve(null);
    };
    const limit = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => end(tooSlow(current, timeoutMs)), timeoutMs);
    };
    thread.on("message", (message: CompileThreadMessage) => {
      if (message.kind === "loading") {
        current = message.file;
        limit();
      } else if (message.kind === "result") {
        results.set(message.file, message.result);
        current = null;
      } else if (message.kind === "unloadable") {
        current = null;
        end(message.message);
      } else {
        void leave().then(() => resolve(null));
      }
    });
    thread.on("error", (error) => end(`${current ?? "The folder"}: ${String(error)}`));
    thread.on("exit", (code) =>
      end(`${current ?? "The folder"}: called process.exit(${code}) while it was loaded`),
    );
    limit();
  });
}

function tooSlow(file: string | null, timeoutMs: number): string {
  return (
    `${file ?? "The folder"}: loading took more than the limit of ${timeoutMs / 1000} s and was stopped. ` +
    "Code outside of tasks runs at every load and must be quick: move work into a task."
  );
}
