/** A thread that runs bodies. Started by `thread-pool.ts`. */

import { parentPort, workerData } from "node:worker_threads";
import { captureOutput } from "./capture.ts";
import { claim } from "./claims.ts";
import { Executor } from "./executor.ts";
import { guardExits } from "./exits.ts";
import { beatMs } from "./limits.ts";
import { createCodeLoader } from "./load-body.ts";
import type { ExecutionThreadData, FromRunner, ToRunner } from "./messages.ts";

const port = parentPort;
if (port === null) throw new Error("execution-thread.ts runs as a worker thread only");

const data = workerData as ExecutionThreadData;
const cells = new Int32Array(data.claims);
const beat = new Int32Array(data.beat);
const post = (message: FromRunner): void => port.postMessage(message);
const executor = new Executor({
  post,
  loadCode: createCodeLoader(),
  claim: ({ cell, serial }) => claim(cells, cell, serial),
});

captureOutput(executor);
guardExits(executor, post);
setInterval(() => Atomics.add(beat, 0, 1), beatMs).unref();
port.on("message", (message: ToRunner) => executor.receive(message));
post({ kind: "ready" });
