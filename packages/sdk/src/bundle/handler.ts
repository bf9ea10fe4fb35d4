/** Names that find a task's function in a bundle. */

import { MillraceError } from "@millrace/engine";
import { callbackPlaceOf } from "../callback/callback-options.ts";
import { callPlaceOf } from "../wiring/call-place.ts";
import {
  bodyOf,
  callbackOf,
  calledOf,
  resumeOf,
  retryPolicyOf,
  targetOf,
  type TaskCode,
} from "../wiring/code-of.ts";
import type { DagDefinition } from "../dag/dag.ts";
import { dagsOf } from "../dag/dags-of.ts";
import type { Body } from "../wiring/body.ts";

/** What a bundle exports: from each DAG file to a function that loads it. */
export type BundleFiles = Readonly<Record<string, () => Promise<object>>>;

/**
 * "<file>#<DAG id>#<task id>": ids have no "#", so it reads in one way only. Of a callback, "<task id>#<option>/<place>"
 * stands for the task's id, which is empty for callbacks of the run; of a function that the control plane asks,
 * "<task id>#<option>()".
 */
export function handlerOf(file: string, dagId: string, taskId: string): string {
  return `${file}#${dagId}#${taskId}`;
}

/** The files of an imported bundle. @throws MillraceError when it is no bundle. */
export function bundleFiles(module: unknown): BundleFiles {
  const files =
    typeof module === "object" && module !== null && "files" in module ? module.files : undefined;
  if (typeof files === "object" && files !== null) return files as BundleFiles;
  throw new MillraceError(
    "VALUE_INVALID",
    "The module is no Millrace bundle: it does not export `files`.",
  );
}

/**
 * The functions behind a handler. Loads the handler's file, and no other.
 *
 * @throws MillraceError TASK_NOT_FOUND when the bundle has no such task; whatever the file throws while it loads.
 */
export async function loadHandler(module: unknown, handler: string): Promise<TaskCode> {
  const callback = callbackPlaceOf(handler);
  const call = callPlaceOf(handler);
  const ofTask = callback?.owner ?? call?.owner ?? handler;
  const taskAt = ofTask.lastIndexOf("#");
  const dagAt = ofTask.lastIndexOf("#", taskAt - 1);
  const file = handler.slice(0, Math.max(0, dagAt));
  const dagId = handler.slice(dagAt + 1, taskAt);
  const load = dagAt < 1 ? undefined : bundleFiles(module)[file];
  if (load === undefined) throw notFound(handler, `no file "${file}"`);
  const dag = dagsOf(await load()).find((one: DagDefinition) => one.id === dagId);
  if (dag === undefined) throw notFound(handler, `no DAG "${dagId}" in ${file}`);
  const id = handler.slice(taskAt + 1);
  if (callback !== null) {
    return { body: callbackOf(dag, id) as unknown as Body, retryPolicy: undefined };
  }
  if (call !== null) return { body: calledOf(dag, id), retryPolicy: undefined };
  return {
    body: bodyOf(dag, id),
    retryPolicy: retryPolicyOf(dag, id),
    resume: resumeOf(dag, id),
    target: targetOf(dag, id),
  };
}

function notFound(handler: string, why: string): MillraceError {
  return new MillraceError(
    "TASK_NOT_FOUND",
    `The bundle has ${why}, which the handler "${handler}" asks for.`,
  );
}
