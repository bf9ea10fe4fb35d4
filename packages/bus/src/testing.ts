/** A real NATS server for tests. */

import { spawn, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { connect } from "@nats-io/transport-node";
import { findNatsServer } from "../../../scripts/nats-server.mjs";

export { findNatsServer };

export type TestNatsServer = AsyncDisposable & {
  readonly url: string;
  /** Kills it; `start` brings it back on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
};

/** Starts nats-server on a free port of loopback. Throws, with what to run, when there is none on this machine. */
export async function startTestNatsServer(): Promise<TestNatsServer> {
  const program = await findNatsServer();
  const port = await freePort();
  const url = `nats://127.0.0.1:${port}`;
  let server: ChildProcess | null = null;
  // A test run that ends early must not leave a server behind.
  const killOnExit = () => server?.kill("SIGKILL");
  process.once("exit", killOnExit);

  async function start(): Promise<void> {
    server = spawn(program, ["-a", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
    const probe = await connect({
      servers: url,
      waitOnFirstConnect: true,
      maxReconnectAttempts: 200,
      reconnectTimeWait: 25,
      reconnectJitter: 0,
    });
    await probe.close();
  }

  async function stop(): Promise<void> {
    const running = server;
    server = null;
    if (running === null || running.exitCode !== null) return;
    const gone = once(running, "exit");
    running.kill("SIGKILL");
    await gone;
  }

  await start();
  return {
    url,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      process.off("exit", killOnExit);
      await stop();
    },
  };
}

/** Below those that systems give to whoever asks for any port. */
const ports = { from: 20_000, to: 32_000 };

/**
 * A port that was free a moment ago, so that a stopped server can come back to the same address: nobody gets it meanwhile
 * who does not ask for it by its number.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(ports.from, ports.to);
    const server = createServer();
    const isFree = await new Promise<boolean>((done) => {
      server.once("error", () => done(false));
      server.listen(port, "127.0.0.1", () => done(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
