/** The thread that loads DAG files; `evaluate.ts` starts it and says what the messages mean. */

import { parentPort, workerData } from "node:worker_threads";
import { MillraceError, type DagSpec } from "@millrace/engine";
import { firstDifference } from "../dag/difference.ts";
import { dagsOf } from "../spec.ts";
import type { CompileThreadData, CompileThreadMessage, FileResult } from "./evaluate.ts";
import { bundleFiles, type BundleFiles } from "./handler.ts";
import { provideSdk } from "./sdk-module.ts";
import { plainStack, sourceRoot } from "./stack.ts";

process.setSourceMapsEnabled(true);
provideSdk();
await run(workerData as CompileThreadData);

async function run(data: CompileThreadData): Promise<void> {
  let copies: [BundleFiles, BundleFiles];
  try {
    copies = [
      bundleFiles(await import(`${data.moduleUrl}?load=1`)),
      bundleFiles(await import(`${data.moduleUrl}?load=2`)),
    ];
  } catch (error) {
    post({ kind: "unloadable", message: describe(error) });
    return;
  }
  for (const file of data.files) {
    post({ kind: "loading", file });
    post({ kind: "result", file, result: await load(copies, file) });
  }
  post({ kind: "done" });
}

/** Two loads of the same file must give the same DAGs, or workers would load other code than was registered. */
async function load(
  copies: readonly [BundleFiles, BundleFiles],
  file: string,
): Promise<FileResult> {
  try {
    const first = await specsOf(copies[0], file);
    const second = await specsOf(copies[1], file);
    const difference = firstDifference(first, second);
    if (difference === null) return { kind: "loaded", dags: first };
    throw new MillraceError(
      "DAG_INVALID",
      `Loaded twice, the file gave different DAGs: ${difference}. ` +
        "What a DAG consists of must not depend on the time, on chance or on state outside of the file.",
    );
  } catch (error) {
    return { kind: "failed", message: describe(error, file) };
  }
}

async function specsOf(files: BundleFiles, file: string): Promise<DagSpec[]> {
  const load = files[file];
  if (load === undefined) throw new Error(`${file} is not in the bundle`);
  return dagsOf(await load()).map((dag) => dag.spec());
}

/** "<file>:<line>:<column>: <message>", then where in the DAG folder it happened. */
function describe(error: unknown, file?: string): string {
  if (!(error instanceof Error)) return `${file ?? "The folder"}: threw ${String(error)}`;
  const frames = (error.stack ?? "").split("\n").filter((line) => line.includes(sourceRoot));
  const place = /dags:\/\/([^\s()]+:\d+:\d+)/.exec(frames[0] ?? "")?.[1] ?? file ?? "The folder";
  const head = error instanceof MillraceError ? error.message : `${error.name}: ${error.message}`;
  return [`${place}: ${head}`, ...frames.map(plainStack)].join("\n");
}

function post(message: CompileThreadMessage): void {
  parentPort?.postMessage(message);
}
