/** A child process that runs one body. Started by `process-place.ts`; ends when its attempt has, or its worker is gone. */

import { captureOutput } from "./capture.ts";
import { Executor } from "./executor.ts";
import { guardExits } from "./exits.ts";
import { createCodeLoader } from "./load-body.ts";
import type { FromRunner, ToRunner } from "./messages.ts";

const post = (message: FromRunner): void => void process.send?.(message);
const executor = new Executor({ post, loadCode: createCodeLoader(), claim: () => true });

captureOutput(executor);
guardExits(executor, post);
process.on("message", (message: ToRunner) => executor.receive(message));
// Nobody is left to report to.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
post({ kind: "ready" });
