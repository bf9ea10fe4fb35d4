/** `millrace up` and `millrace worker` begin and end in order, whatever came before and whenever they are stopped. */
import { RunState } from "@millrace/wire/v1";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newStateDir, startUp, upArgs } from "./millrace.ts";
import { processesWith, startMillrace, type Process } from "./process.ts";
import { waitFor } from "./wait.ts";

const good = fileURLToPath(new URL("./good", import.meta.url));
/** Has a file that takes the whole 10 s that a file may take to compile. */
const slowToCompile = fileURLToPath(new URL("./bad-files", import.meta.url));
/** Some start it eight times. */
const testLimitMs = 180_000;
/** Far below the half minute that a worker may drain for; a busy machine takes its time. */
const stopLimitMs = 20_000;

let stateDir: string;
let up: Process | null = null;

beforeEach(() => void (stateDir = newStateDir()));

afterEach(async () => {
  await up?.end("SIGKILL");
  await waitFor("all processes to end", () => processesWith(stateDir).length === 0);
  rmSync(stateDir, { recursive: true, force: true });
});

function start(dags: string, more: readonly string[] = []): Process {
  up = startMillrace(upArgs(stateDir, dags, more));
  return up;
}

/** Waits for a moment in the life of a process that runs. */
async function moment(process: Process, what: string, hasCome: () => boolean): Promise<void> {
  await waitFor(what, () => {
    const { exitCode } = process.child;
    if (exitCode !== null) throw new Error(`It ended with ${exitCode}:\n${process.output()}`);
    return hasCome();
  });
}

const inside = (...parts: string[]): string => join(stateDir, ...parts);

/** Sends the signal: a few seconds later no process is left, no lock, and no address of something that is gone. */
async function expectCleanEnd(process: Process, signal: NodeJS.Signals): Promise<void> {
  const begin = performance.now();
  const how = await process.end(signal);
  const ms = performance.now() - begin;
  // Before the command has begun to listen to signals, they end it as they end any program.
  expect([0, signal]).toContain(how);
  expect(ms).toBeLessThan(stopLimitMs);
  expect(processesWith(stateDir)).toEqual([]);
  for (const file of [
    "up.lock",
    "endpoint.json",
    "postgres/owner",
    "postgres/data/postmaster.pid",
  ]) {
    expect(existsSync(inside(file)), file).toBe(false);
  }
}

function expectOneSentence(process: Process, sentence: string): void {
  const lines = process.output().trim().split("\n");
  expect(lines).toEqual([expect.stringContaining(sentence)]);
}

describe("millrace up, told to stop", { timeout: testLimitMs }, () => {
  test("at any moment of its start, ends in order, and the next start works", async () => {
    const moments: [string, () => boolean][] = [
      ["at once", () => true],
      // It is made in a second or two, and may be there by the time that somebody looks again.
      [
        "the database is being made",
        () => ["data.new", "data"].some((name) => existsSync(inside("postgres", name))),
      ],
      ["it has its folder", () => existsSync(inside("up.lock"))],
      ["the database begins", () => existsSync(inside("postgres", "data", "postmaster.pid"))],
      ["the server begins", () => existsSync(inside("keys", "worker.key"))],
      ["the worker begins", () => processesWith(stateDir, "worker").length > 0],
      ["it runs", () => up!.output().includes("Ctrl+C stops it")],
    ];
    for (const [what, hasCome] of moments) {
      const process = start(good);
      await moment(process, what, hasCome);
      await expectCleanEnd(process, "SIGTERM");
    }
    const last = start(good, ["--run", "good", "--exit"]);
    expect([await last.ended, last.output()]).toEqual([0, expect.stringContaining("success")]);
  });

  test("while the worker compiles, ends in order by Ctrl+C too", async () => {
    const process = start(slowToCompile);
    await moment(
      process,
      "the worker's session",
      () =>
        existsSync(inside("logs", "worker.log")) &&
        readFileSync(inside("logs", "worker.log"), "utf8").includes("session.opened"),
    );
    await expectCleanEnd(process, "SIGINT");
  });

  test("while somebody waits for its run, says so and fails", async () => {
    // A DAG that is not there is waited for: it might come.
    const process = start(good, ["--run", "late", "--exit"]);
    await moment(process, "the server", () => process.output().includes("Millrace runs at"));
    expect(await process.end("SIGINT")).toBe(130);
    expect(process.output()).toContain("Stopped before late had ended.");
  });

  test("leaves no complaint about its own end in its log", async () => {
    const process = start(good, ["--run", "good", "--exit"]);
    expect(await process.ended).toBe(0);
    const log = readFileSync(inside("logs", "server.log"), "utf8");
    expect(log.split("\n").filter((line) => /"level":"(warn|error|fatal)"/.test(line))).toEqual([]);
  });
});

describe("a worker, told to stop", { timeout: testLimitMs }, () => {
  test("while no server answers, ends", async () => {
    writeFileSync(inside("worker.key"), "mlw_none");
    const args = [
      "worker",
      "--server",
      "127.0.0.1:1",
      "--state-dir",
      stateDir,
      "--key-file",
      inside("worker.key"),
    ];
    const worker = startMillrace(args);
    await moment(worker, "a try", () => worker.output().includes("session.not_opened"));
    expect(await worker.end("SIGTERM")).toBe(0);
  });

  test("while it compiles, ends", async () => {
    await using millrace = await startUp({ dags: good, stateDir });
    const { grpc } = JSON.parse(readFileSync(inside("endpoint.json"), "utf8")) as { grpc: string };
    const worker = startMillrace([
      "worker",
      "--server",
      grpc,
      "--state-dir",
      stateDir,
      "--dags",
      slowToCompile,
    ]);
    await moment(worker, "a session", () => worker.output().includes("session.opened"));
    const begin = performance.now();
    expect(await worker.end("SIGTERM")).toBe(0);
    expect(performance.now() - begin).toBeLessThan(stopLimitMs);
    expect((await millrace.api.run("good")).state).toBe(RunState.SUCCESS);
  });
});

describe("millrace up on a folder", { timeout: testLimitMs }, () => {
  test("that was used before has its runs, and takes seconds", async () => {
    const begun = await startUp({ dags: good, stateDir });
    await begun.api.dagsAre(1);
    const { runId } = await begun.api.run("good");
    await begun[Symbol.asyncDispose]();
    const begin = performance.now();
    await using again = await startUp({ dags: good, stateDir });
    console.info(`second start: ${Math.round(performance.now() - begin)} ms`);
    expect((await again.api.end(runId)).state).toBe(RunState.SUCCESS);
    expect((await again.api.run("good")).state).toBe(RunState.SUCCESS);
  });

  test("whose lock was left by a process that is gone, or is another program now, takes it over", async () => {
    const other = spawn("sleep", ["600"]);
    for (const pid of [String(2 ** 22 + 1), String(other.pid)]) {
      writeFileSync(inside("up.lock"), pid);
      const process = start(good, ["--run", "good", "--exit"]);
      expect([await process.ended, process.output()]).toEqual([
        0,
        expect.stringContaining("success"),
      ]);
    }
    other.kill();
    await once(other, "exit");
  });

  test("that another one uses is refused in one sentence, and that one goes on", async () => {
    await using first = await startUp({ dags: good, stateDir });
    await first.api.dagsAre(1);
    const second = startMillrace(upArgs(stateDir, good));
    expect(await second.ended).toBe(5);
    expectOneSentence(
      second,
      `Another "millrace up" (process ${first.process.child.pid}) uses ${stateDir}; stop it, or use another folder with --state-dir.`,
    );
    expect((await first.api.run("good")).state).toBe(RunState.SUCCESS);
  });

  test.each(["--grpc-port", "--http-port"])(
    "with a busy %s is refused in one sentence",
    async (flag) => {
      const busy = createServer().listen(0, "127.0.0.1");
      await once(busy, "listening");
      const { port } = busy.address() as AddressInfo;
      const process = start(good, [flag, String(port)]);
      expect(await process.ended).toBe(5);
      expectOneSentence(
        process,
        `Port ${port} is in use by another program; stop it or choose another with ${flag}.`,
      );
      expect(existsSync(inside("up.lock"))).toBe(false);
      busy.close();
    },
  );
});
