/** From `millrace up` to the first finished run of an installed project, on a fresh state folder and on one that is there. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Project } from "./installed.ts";
import { memoryOf, type Memory, type Part } from "./processes.ts";
import { say, until } from "./progress.ts";
import { median } from "./statistics.ts";
import { stopUp } from "./system.ts";

/** Milliseconds since the command was given. */
export type Start = {
  readonly postgres: number;
  readonly server: number;
  readonly worker: number;
  readonly registered: number;
  readonly finished: number;
  /** How long Ctrl+C took, afterwards. */
  readonly stop: number;
};

export type Starts = {
  readonly fresh: Start;
  readonly existing: Start;
  /** Of the last one, after it has rested. */
  readonly memory: ReadonlyMap<Part, Memory>;
};

/** What has just started holds memory that it gives back when it has nothing to do. */
export const idleSeconds = 30;

const repeats = 3;
const startSeconds = 60;

/** Medians of some starts. */
export async function measureStarts(project: Project): Promise<Starts> {
  const fresh: Start[] = [];
  const existing: Start[] = [];
  let memory: Starts["memory"] = new Map();
  for (let n = 1; n <= repeats; n++) {
    say(`start: ${n} of ${repeats}`);
    const stateDir = mkdtempSync(join(tmpdir(), "millrace-start-"));
    try {
      fresh.push(await startOnce(project, stateDir));
      existing.push(
        await startOnce(project, stateDir, async (pid) => {
          if (n < repeats) return;
          say(`idle for ${idleSeconds} s`);
          await delay(idleSeconds * 1000);
          memory = memoryOf({ pid, postgresPid: postgresPid(stateDir) });
        }),
      );
    } finally {
      rmSync(stateDir, { recursive: true, force: true });
    }
  }
  return { fresh: middle(fresh), existing: middle(existing), memory };
}

function middle(starts: readonly Start[]): Start {
  const names = Object.keys(starts[0]!) as (keyof Start)[];
  return Object.fromEntries(
    names.map((name) => [name, median(starts.map((it) => it[name]))]),
  ) as Start;
}

/** `whileUp` runs between the first run and the stop. */
async function startOnce(
  { bin, folder, helloDags }: Project,
  stateDir: string,
  whileUp: (pid: number) => Promise<void> = async () => {},
): Promise<Start> {
  const beganAt = Date.now();
  const ports = ["--grpc-port", "0", "--http-port", "0", "--no-console"];
  const flags = ["--dags", helloDags, "--state-dir", stateDir, "--run", "hello", "--json"];
  const env: NodeJS.ProcessEnv = { ...process.env };
  // The command's own database is what is measured.
  delete env["DATABASE_URL"];
  const up = spawn(process.execPath, [bin, "up", ...ports, ...flags], {
    ...{ cwd: folder, env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  up.stdout.on("data", (data: Buffer) => (output += data.toString()));
  up.stderr.on("data", (data: Buffer) => (output += data.toString()));
  let finished = 0;
  const first = until(startSeconds, "the first run", () => {
    if (up.exitCode !== null || output.includes('"RUN_STATE_FAILED"'))
      throw new Error(`No first run:\n${output}`);
    finished = Date.now() - beganAt;
    return output.includes('"RUN_STATE_SUCCESS"');
  });
  let stop = 0;
  try {
    await first;
    await whileUp(up.pid!);
  } finally {
    stop = await stopped(up);
  }
  say(`first run after ${finished} ms, stopped in ${stop} ms`);
  const at = (log: string, event: string) =>
    momentOf(join(stateDir, "logs", log), event, beganAt) - beganAt;
  return {
    postgres: at("server.log", "db.embedded.started"),
    server: at("server.log", "api.started"),
    worker: at("worker.log", "session.opened"),
    registered: at("worker.log", "folder.registered"),
    finished,
    stop,
  };
}

async function stopped(up: ChildProcess): Promise<number> {
  const begin = Date.now();
  await stopUp(up);
  return Date.now() - begin;
}

/** When an event was first logged after a moment. */
function momentOf(log: string, event: string, after: number): number {
  const lines = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  const entries = lines.map((line) => JSON.parse(line) as { time: string; event: string });
  const found = entries.find((it) => it.event === event && Date.parse(it.time) >= after);
  if (found === undefined) throw new Error(`No figure: ${log} has no "${event}".`);
  return Date.parse(found.time);
}

function postgresPid(stateDir: string): number {
  const lock = readFileSync(join(stateDir, "postgres", "data", "postmaster.pid"), "utf8");
  return Number(lock.split("\n")[0]);
}
