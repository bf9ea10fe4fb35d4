/**
 * Ends this process, with all that it started, once its worker is gone. A thread, since a body may never give the main one a
 * turn. Started by `process-entry.ts`.
 */

import { Socket } from "node:net";
import { lifelineFd } from "./messages.ts";

const lifeline = new Socket({ fd: lifelineFd });
// Nothing is ever written: it ends when the worker's side of it does, however the worker ended.
lifeline.resume();
lifeline.on("error", () => lifeline.destroy());
lifeline.on("close", () => process.kill(-process.pid, "SIGKILL"));
