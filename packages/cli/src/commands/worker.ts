/** `millrace worker`: a worker process, with or without a DAG folder to register. */
import { createLifecycle, createLogger } from "@millrace/service";
import type { StartedWorker, WorkerAccess } from "@millrace/worker";
import { Option, type Command } from "commander";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CommandFailure, ExitCode } from "../exit-codes.ts";
import { loadSettings, type Settings } from "../settings.ts";
import { serverOfParent, stopWithParent } from "../up/child.ts";
import { slotCount } from "./parse-options.ts";

type WorkerOptions = {
  server?: string;
  dags?: string;
  stateDir?: string;
  keyFile?: string;
  deployKeyFile?: string;
  name?: string;
  queues?: string[];
  slots?: number;
  triggerSlots?: number;
  awaitServer?: boolean;
};

export function addWorkerCommand(program: Command): void {
  program
    .command("worker")
    .description("run tasks; with --dags also compile, watch and register a DAG folder")
    .option("--server <host:port>", "the gRPC address of a server (default 127.0.0.1:7070)")
    .option("--dags <folder>", "register this DAG folder and watch it")
    .option("--state-dir <folder>", "where keys and bundles are kept (default ./.millrace)")
    .option("--deploy-key-file <file>", "the API key to register DAGs with")
    .option(
      "--name <name>",
      "the name shown to people, unique among workers (default: host and process id)",
    )
    .option("--queues <names...>", "the queues to serve (default: default)")
    .option("--slots <n>", "tasks at a time; 0 only watches (default 16)", slotCount)
    .option(
      "--trigger-slots <n>",
      "waits of tasks to watch at a time; 0 watches none (default 10000)",
      slotCount,
    )
    .addOption(
      new Option("--await-server", "the parent process says where the server is").hideHelp(),
    )
    .action(work);
}

async function work(options: WorkerOptions, command: Command): Promise<void> {
  const orphaned = stopWithParent();
  const { values } = await loadSettings({
    server: options.server,
    stateDir: options.stateDir,
    deployKeyFile: options.deployKeyFile,
    workerName: options.name,
    queues: options.queues,
    slots: options.slots,
    triggerSlots: options.triggerSlots,
    workerKeyFile: command.optsWithGlobals<{ keyFile?: string }>().keyFile,
  });
  const log = createLogger({ name: "worker", level: values.logLevel });
  let running: StartedWorker | null = null;
  const lifecycle = createLifecycle({
    log,
    partTimeoutMs: 35_000,
    // The second signal: what runs is given back, not lost.
    abandon: () => void (running?.stop({ drainMs: 0 }) ?? process.exit(ExitCode.interrupted)),
  });
  // A server that was its parent is gone: nobody would take the results of a drain.
  const stopHow = () => (orphaned.aborted ? { drainMs: 0 } : {});
  try {
    const worker = await lifecycle.start("worker", async (signal) => {
      const { startWorker } = await import("@millrace/worker");
      const started = await startWorker({
        access: access(values, options),
        name: values.workerName,
        queues: values.queues,
        slots: values.slots,
        triggerSlots: values.triggerSlots,
        cacheDir: join(values.stateDir, "bundles"),
        ...(options.dags && { dagFolder: resolve(options.dags) }),
        onSessions: (sessionIds) => process.send?.({ sessionIds }),
        log,
        signal,
      });
      running = started;
      return { stop: () => started.stop(stopHow()), ended: started.stopped };
    });
    await Promise.race([lifecycle.stopped, worker.ended]);
    await lifecycle.stop();
  } catch (error) {
    // Told to stop while it started: that is no failure.
    const isAsked = lifecycle.signal.aborted;
    await lifecycle.stop();
    if (!isAsked) throw error;
  }
}

/** A parent that starts this beside its server says where that is, once it knows; the keys are there by then. */
async function access(values: Settings, options: WorkerOptions): Promise<WorkerAccess> {
  const server = options.awaitServer ? await serverOfParent() : values.server;
  const keyIn = (name: string) => join(values.stateDir, "keys", name);
  return {
    server,
    key: readKey(values.workerKeyFile ?? keyIn("worker.key")),
    ...(options.dags && { deployKey: readKey(values.deployKeyFile ?? keyIn("admin.key")) }),
  };
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
