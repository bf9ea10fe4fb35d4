/**
 * Every setting of the command and of what it starts: flags, then environment, then `millrace.config.ts`, then these
 * defaults. `docs/config.md` is made from this table.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { loadConfig, secret, variableOf, type LoadedConfig } from "@millrace/service";
import { z } from "zod";

const port = () => z.int().min(0).max(65535);

export const settings = z.object({
  dags: z.string().default("./dags").describe("The DAG folder."),
  stateDir: z
    .string()
    .default("./.millrace")
    .describe("Where keys, data and logs of this installation are kept."),
  databaseUrl: secret(z.url({ protocol: /^postgres(ql)?$/ }).optional()).describe(
    "PostgreSQL 15 or newer. Unset: an embedded server under stateDir.",
  ),
  blobStore: z
    .string()
    .regex(/^file:\/\/(localhost)?\/./, "must be the address of a folder: file:///…")
    .optional()
    .describe(
      "Where values above 256 KiB are kept: a folder that all nodes share, file:///…. Unset: blobs in stateDir; with NATS nowhere.",
    ),
  assetEventDays: z
    .int()
    .min(0)
    .max(36_500)
    .default(365)
    .describe(
      "Servers: for how many days events of assets are kept. 0: for ever. Longer, where no run has used them yet, or a run that is kept was made of them.",
    ),
  natsUrl: secret(z.string().optional()).describe(
    "NATS, for several nodes. Unset: one node, no NATS.",
  ),
  host: z.string().default("127.0.0.1").describe("The address to listen on."),
  grpcPort: port().default(7070).describe("gRPC, for workers and clients."),
  httpPort: port().default(8080).describe("Connect, JSON over HTTP, and the console."),
  insecureBind: z
    .boolean()
    .default(false)
    .describe(
      "Allow a host other machines can reach without TLS here, because something in front does TLS.",
    ),
  server: z
    .string()
    .default("127.0.0.1:7070")
    .describe("Workers: the gRPC address of a server, host:port."),
  workerKeyFile: z
    .string()
    .optional()
    .describe("Workers: the file with the worker key. Unset: keys/worker.key in stateDir."),
  deployKeyFile: z
    .string()
    .optional()
    .describe(
      "Workers that register a DAG folder: the file with an API key. Unset: keys/admin.key in stateDir.",
    ),
  workerName: z
    .string()
    .optional()
    .describe(
      "Workers: the name shown to people, unique among workers. Unset: host and process id.",
    ),
  queues: z.array(z.string()).default(["default"]).describe("Workers: the queues they serve."),
  slots: z
    .int()
    .min(0)
    .max(10_000)
    .default(16)
    .describe("Workers: how many tasks at a time. 0: it only watches what tasks wait for."),
  triggerSlots: z
    .int()
    .min(0)
    .max(10_000)
    .default(10_000)
    .describe("Workers: how many waits of tasks it watches at a time, beside its tasks. 0: none."),
  logLevel: z
    .enum(["trace", "debug", "info", "warn", "error"])
    .default("info")
    .describe("What is logged."),
  url: z.string().optional().describe("Client commands: the server's HTTP address."),
  key: secret(z.string().optional()).describe("Client commands: the API key itself."),
  console: z.boolean().default(true).describe("Whether `millrace up` runs the console."),
});

export type Settings = z.infer<typeof settings>;
export type LoadedSettings = LoadedConfig<typeof settings>;

/** Where values above 256 KiB are kept. Nodes that share a bus do not share `stateDir`: null, until they are told. */
export function blobStoreOf({
  blobStore,
  natsUrl,
  stateDir,
}: Pick<Settings, "blobStore" | "natsUrl" | "stateDir">): string | null {
  if (blobStore !== undefined) return blobStore;
  return natsUrl === undefined ? pathToFileURL(resolve(stateDir, "blobs")).href : null;
}

/** Variables that other parts of a repository or of its tests read. */
const otherVariables = ["MILLRACE_CHROMIUM", "MILLRACE_REAL_LOGS", "MILLRACE_WORKFLOWS"];

export async function loadSettings(flags: Record<string, unknown> = {}): Promise<LoadedSettings> {
  return loadConfig(settings, { flags, otherVariables });
}

/** Rows of docs/config.md. */
export function describeSettings(): {
  name: string;
  variable: string;
  default: string;
  text: string;
}[] {
  return Object.entries(settings.shape).map(([name, type]) => {
    const fallback: unknown = type.safeParse(undefined).data;
    return {
      name,
      variable: variableOf(name),
      default: fallback === undefined ? "" : JSON.stringify(fallback),
      text: type.description ?? "",
    };
  });
}
