/** The console beside the server: found, built first where this is a clone of the repository, and run. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { startChild, type Child } from "./child.ts";
import { freePort } from "./ports.ts";

export type ConsoleOptions = {
  readonly logFile: string;
  readonly say: (message: string) => void;
  readonly signal: AbortSignal;
};

export type RunningConsole = { readonly url: string; readonly child: Child };

const consoleHost = "127.0.0.1";
const firstPort = 8090;
const pollMs = 50;
const startLimitMs = 60_000;

/** Resolves when it answers; null when there is no console to run or it was stopped before. */
export async function startConsole(options: ConsoleOptions): Promise<RunningConsole | null> {
  const folder = consoleFolder();
  if (!folder) {
    options.say("The console is not installed: npm install @millrace/console");
    return null;
  }
  if (!existsSync(join(folder, ".next", "BUILD_ID"))) {
    options.say("Building the console beside it (once, about half a minute)…");
    if (!(await buildConsole(folder, options))) return null;
  }
  if (options.signal.aborted) return null;
  const port = await freePort(consoleHost, { port: firstPort, isAsked: false, flag: "--console" });
  const child = startChild({
    name: "console",
    file: join(folder, "server.mjs"),
    args: ["--port", String(port), "--hostname", consoleHost],
    cwd: folder,
    logFile: options.logFile,
    onDeath: (how) =>
      options.say(`The console ${how}; starting it again. Its log: ${options.logFile}`),
  });
  const url = `http://${consoleHost}:${port}`;
  if (await answers(url, options.signal)) return { url, child };
  await child.stop();
  if (!options.signal.aborted) options.say(`The console did not start; see ${options.logFile}`);
  return null;
}

function consoleFolder(): string | null {
  try {
    return dirname(createRequire(import.meta.url).resolve("@millrace/console/package.json"));
  } catch {
    return null;
  }
}

function buildConsole(folder: string, { say, signal }: ConsoleOptions): Promise<boolean> {
  return new Promise((done) => {
    const build = spawn("npm", ["run", "build"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1" },
    });
    let output = "";
    build.stdout.on("data", (data: Buffer) => (output += data.toString()));
    build.stderr.on("data", (data: Buffer) => (output += data.toString()));
    const stop = () => {
      if (build.pid) process.kill(-build.pid, "SIGTERM");
    };
    signal.addEventListener("abort", stop, { once: true });
    build.once("exit", (code) => {
      signal.removeEventListener("abort", stop);
      if (code !== 0 && !signal.aborted)
        say(`The console could not be built:\n${output.slice(-2000)}`);
      done(code === 0);
    });
  });
}

async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  const until = performance.now() + startLimitMs;
  while (performance.now() < until && !signal.aborted) {
    const isUp = await fetch(url, { redirect: "manual" }).then(
      (response) => response.status < 500,
      () => false,
    );
    if (isUp) return true;
    await new Promise((done) => setTimeout(done, pollMs));
  }
  return false;
}
