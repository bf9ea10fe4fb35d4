/** `millrace worker`: a worker process, with or without a DAG folder to register. */
import { createLifecycle, createLogger } from "@millrace/service";
import { startWorker } from "@millrace/worker";
import type { Command } from "commander";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { CommandFailure, ExitCode } from "../exit-codes.ts";
import { loadSettings } from "../settings.ts";
import { stopWithParent } from "../up/child.ts";

type WorkerOptions = {
  server?: string;
  dags?: string;
  stateDir?: string;
  keyFile?: string;
  deployKeyFile?: string;
  name?: string;
  queues?: string[];
  slots?: string;
};

export function addWorkerCommand(program: Command): void {
  program
    .command("worker")
    .description("run tasks; with --dags also compile, watch and register a DAG folder")
    .option("--server <host:port>", "the gRPC address of a server (default 127.0.0.1:7070)")
    .option("--dags <folder>", "register this DAG folder and watch it")
    .option("--state-dir <folder>", "where keys and bundles are kept (default ./.millrace)")
    .option("--deploy-key-file <file>", "the API key to register DAGs with")
    .option("--name <name>", "the name shown to people (default: the host's)")
    .option("--queues <names...>", "the queues to serve (default: default)")
    .option("--slots <n>", "tasks at a time (default 16)")
    .action(work);
}

async function work(options: WorkerOptions, command: Command): Promise<void> {
  stopWithParent();
  const { values } = await loadSettings({
    server: options.server,
    stateDir: options.stateDir,
    deployKeyFile: options.deployKeyFile,
    workerName: options.name,
    queues: options.queues,
    slots: options.slots === undefined ? undefined : Number(options.slots),
    workerKeyFile: command.optsWithGlobals<{ keyFile?: string }>().keyFile,
  });
  const log = createLogger({ name: "worker", level: values.logLevel });
  const lifecycle = createLifecycle({ log, partTimeoutMs: 35_000 });
  const keyIn = (name: string) => join(values.stateDir, "keys", name);
  const worker = await startWorker({
    server: values.server,
    key: readKey(values.workerKeyFile ?? keyIn("worker.key")),
    name: values.workerName ?? hostname(),
    queues: values.queues,
    slots: values.slots,
    cacheDir: join(values.stateDir, "bundles"),
    ...(options.dags && {
      dagFolder: resolve(options.dags),
      deployKey: readKey(values.deployKeyFile ?? keyIn("admin.key")),
    }),
    log,
  });
  lifecycle.add({ name: "worker", stop: () => worker.stop() });
  await lifecycle.stopped;
}

function readKey(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new CommandFailure(
      ExitCode.auth,
      `The key file ${file} cannot be read (${(error as Error).message}); a server writes its keys to keys/ in its state folder.`,
    );
  }
}
