/** Brings a compiled folder to a server. */

import { randomUUID } from "node:crypto";
import { isMillraceError } from "@millrace/engine";
import { dagSpecToProto } from "@millrace/wire";
import { DagService } from "@millrace/wire/v1";
import { backoffMs, pause } from "../worker/backoff.ts";
import { connect, isRefusal, type Connection, type ServerOptions } from "../worker/connection.ts";
import { errorText, type WorkerLog } from "../worker/log.ts";
import type { CompiledFolder, ImportError } from "./compile-folder.ts";
import { registerTimeoutMs } from "./limits.ts";

export type RegisterOptions = {
  readonly access: ServerOptions;
  /** The folder's name on the server. DAGs it had before and has no more become inactive. */
  readonly folder: string;
  readonly log: WorkerLog;
  /** Ends the attempts to reach the server. */
  readonly signal: AbortSignal;
};

/**
 * Uploads the bundle and registers the DAGs, trying as long as the server cannot be reached.
 *
 * @returns all import errors of the folder: those of compiling, and DAGs that the server refused.
 * @throws MillraceError when the server refuses the key or the request; the signal's reason when it aborts.
 */
export async function registerFolder(
  compiled: CompiledFolder,
  options: RegisterOptions,
): Promise<readonly ImportError[]> {
  const connection = connect(options.access);
  try {
    if (compiled.dags.some((dag) => dag.bundleDigest !== null)) {
      const { digest, content } = compiled;
      await untilAnswered(options, (requestId) =>
        connection.call(
          DagService.method.uploadBundle,
          { requestId, digest, content },
          registerTimeoutMs,
        ),
      );
    }
    const answer = await untilAnswered(options, (requestId) =>
      register(connection, requestId, compiled, options.folder),
    );
    return answer.errors.map(({ file, message }) => ({ file, message }));
  } finally {
    connection.close();
  }
}

function register(
  connection: Connection,
  requestId: string,
  { dags, errors }: CompiledFolder,
  folder: string,
) {
  const request = {
    requestId,
    folder,
    dags: dags.map(dagSpecToProto),
    errors: errors.map((error) => ({ ...error })),
  };
  return connection.call(DagService.method.registerDags, request, registerTimeoutMs);
}

/** The same request id each time: what was done although no answer came is not done twice. */
async function untilAnswered<T>(
  { log, signal }: RegisterOptions,
  ask: (requestId: string) => Promise<T>,
): Promise<T> {
  const requestId = randomUUID();
  for (let failures = 1; ; failures++) {
    signal.throwIfAborted();
    try {
      return await ask(requestId);
    } catch (error) {
      if (isRefusal(error) || !mayPass(error)) throw error;
      log.info({ failures, err: errorText(error) }, "folder.not_registered");
      await pause(backoffMs(failures), signal);
    }
  }
}

/** Whether the same request may be answered otherwise later. */
function mayPass(error: unknown): boolean {
  return (
    isMillraceError(error) && ["UNAVAILABLE", "NOT_OWNER", "OVERLOADED"].includes(error.reason)
  );
}
