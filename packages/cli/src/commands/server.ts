/** `millrace server`: api and scheduler alone, for an installation of several nodes. */
import { createLifecycle, createLogger } from "@millrace/service";
import type { Command } from "commander";
import { join } from "node:path";
import { CommandFailure, ExitCode } from "../exit-codes.ts";
import { blobStoreOf, loadSettings } from "../settings.ts";
import { stopWithParent } from "../up/child.ts";
import { portNumber } from "./parse-options.ts";

type ServerOptions = {
  host?: string;
  grpcPort?: number;
  httpPort?: number;
  stateDir?: string;
  insecureBind?: boolean;
};

export function addServerCommand(program: Command): void {
  program
    .command("server")
    .description("start one server node (api and scheduler) on DATABASE_URL and NATS_URL")
    .option("--host <address>", "the address to listen on (default 127.0.0.1)")
    .option("--grpc-port <port>", "for workers and clients (default 7070)", portNumber)
    .option("--http-port <port>", "for the console and JSON (default 8080)", portNumber)
    .option("--state-dir <folder>", "where the keys are kept (default ./.millrace)")
    .option("--insecure-bind", "listen where others can reach it, without TLS")
    .action(serve);
}

async function serve(options: ServerOptions): Promise<void> {
  stopWithParent();
  const { values } = await loadSettings({
    host: options.host,
    grpcPort: options.grpcPort,
    httpPort: options.httpPort,
    stateDir: options.stateDir,
    insecureBind: options.insecureBind,
  });
  const log = createLogger({ name: "server", level: values.logLevel });
  const lifecycle = createLifecycle({ log });
  if (!values.databaseUrl) {
    throw new CommandFailure(
      ExitCode.usage,
      'Set DATABASE_URL to a PostgreSQL that all nodes share; for one machine, "millrace up" brings its own.',
    );
  }
  try {
    const { startServerNode } = await import("../up/server-node.ts");
    const node = await startServerNode({
      databaseUrl: values.databaseUrl,
      natsUrl: values.natsUrl,
      host: values.host,
      grpcPort: values.grpcPort,
      httpPort: values.httpPort,
      insecureBind: values.insecureBind,
      keysDir: join(values.stateDir, "keys"),
      blobStore: blobStoreOf(values),
      assetEventDays: values.assetEventDays,
      consoleUrl: () => null,
      log,
      lifecycle,
    });
    log.info({ grpcPort: node.grpcPort, httpPort: node.httpPort }, "server.ready");
    process.send?.({ ready: { grpcPort: node.grpcPort, httpPort: node.httpPort } });
    await lifecycle.stopped;
  } catch (error) {
    // Told to stop while it started: that is no failure.
    const isAsked = lifecycle.signal.aborted;
    await lifecycle.stop();
    if (!isAsked) throw error;
  }
}
