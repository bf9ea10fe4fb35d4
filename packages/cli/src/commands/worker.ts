/** `millrace worker`: a worker process, with or without a DAG folder to register. */
import { createLifecycle, createLogger } from "@millrace/service";
import { startWorker, type StartedWorker } from "@millrace/worker";
import type { Command } from "commander";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CommandFailure, ExitCode } from "../exit-codes.ts";
import { loadSettings } from "../settings.ts";
import { stopWithParent } from "../up/child.ts";
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
    .option("--slots <n>", "tasks at a time (default 16)", slotCount)
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
  const keyIn = (name: string) => join(values.stateDir, "keys", name);
  // A server that was its parent is gone: nobody would take the results of a drain.
  const stopHow = () => (orphaned.aborted ? { drainMs: 0 } : {});
  try {
    const worker = await lifecycle.start("worker", async (signal) => {
      const started = await startWorker({
        server: values.server,
        key: readKey(values.workerKeyFile ?? keyIn("worker.key")),
        name: values.workerName,
        queues: values.queues,
        slots: values.slots,
        cacheDir: join(values.stateDir, "bundles"),
        ...(options.dags && {
          dagFolder: resolve(options.dags),
          deployKey: readKey(values.deployKeyFile ?? keyIn("admin.key")),
        }),
        log,
        signal,
      });
      running = started;
      return {
        stop: () => started.stop(stopHow()),
        sessionId: started.sessionId,
        ended: started.stopped,
      };
    });
    process.send?.({ sessionId: worker.sessionId });
    await Promise.race([lifecycle.stopped, worker.ended]);
    await lifecycle.stop();
  } catch (error) {
    // Told to stop while it started: that is no failure.
    const isAsked = lifecycle.signal.aborted;
    await lifecycle.stop();
    if (!isAsked) throw error;
  }
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
