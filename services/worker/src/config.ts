/** Settings of `main.ts`; the command `millrace worker` has the same by the same names. */

import { loadConfig } from "@millrace/service";
import { z } from "zod";

/** Settings of the other roles, which may stand in the same file or environment. */
const ofOtherRoles = z.unknown().optional();

const schema = z.object({
  server: z.string().default("127.0.0.1:7070").describe("The gRPC address of a server, host:port."),
  stateDir: z.string().default("./.millrace").describe("Where keys and bundles are kept."),
  workerKeyFile: z
    .string()
    .optional()
    .describe("The file with the worker key. Unset: keys/worker.key in stateDir."),
  dags: z.string().optional().describe("A DAG folder to register and watch. Unset: none."),
  deployKeyFile: z
    .string()
    .optional()
    .describe(
      "With dags: the file with an API key that may register DAGs. Unset: keys/admin.key in stateDir.",
    ),
  workerName: z
    .string()
    .optional()
    .describe("The name shown to people. Unset: the machine's name and the process id."),
  queues: z.array(z.string()).default(["default"]).describe("The queues it serves."),
  slots: z
    .int()
    .min(0)
    .max(10_000)
    .default(16)
    .describe("How many tasks at a time. 0: it only watches what tasks wait for."),
  triggerSlots: z
    .int()
    .min(0)
    .max(10_000)
    .default(10_000)
    .describe("How many waits of tasks it watches at a time, beside its tasks. 0: none."),
  drainMs: z
    .int()
    .min(0)
    .default(25_000)
    .describe("How long bodies may go on when it stops, in milliseconds."),
  logLevel: z
    .enum(["trace", "debug", "info", "warn", "error"])
    .default("info")
    .describe("What is logged."),
  databaseUrl: ofOtherRoles,
  natsUrl: ofOtherRoles,
  host: ofOtherRoles,
  grpcPort: ofOtherRoles,
  httpPort: ofOtherRoles,
  insecureBind: ofOtherRoles,
  url: ofOtherRoles,
  key: ofOtherRoles,
  console: ofOtherRoles,
});

export type WorkerConfig = z.infer<typeof schema>;

/** From the environment, then `millrace.config.ts`, then defaults. @throws MillraceError FIELD_INVALID */
export async function loadWorkerConfig(): Promise<WorkerConfig> {
  return (await loadConfig(schema)).values;
}
