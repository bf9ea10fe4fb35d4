/** A child process that runs one body. Started by `process-place.ts`; ends when its attempt has, or its worker is gone. */

import { Worker } from "node:worker_threads";
import { captureOutput } from "./capture.ts";
import { Executor } from "./executor.ts";
import { guardExits } from "./exits.ts";
import { createCodeLoader } from "./load-body.ts";
import type { FromRunner, ToRunner } from "./messages.ts";
import { threadFile } from "./thread-file.ts";

const post = (message: FromRunner): void => void process.send?.(message);
const executor = new Executor({ post, loadCode: createCodeLoader(), claim: () => true });

captureOutput(executor);
guardExits(executor, post);
process.on("message", (message: ToRunner) => executor.receive(message));
new Worker(threadFile("worker/lifeline-thread", import.meta.url), { execArgv: [] }).unref();
post({ kind: "ready" });
