/** What a browser test stands on: the built console behind the test double, and a Chromium that looks at it. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import type { BrowserContextOptions, Page } from "playwright-core";
import { InputState } from "@millrace/wire/v1";
import type { TaskState } from "@millrace/wire/v1";
import { startFakeApi } from "../dev/fake-api.ts";
import { fakeToken } from "../dev/fake-system.ts";
import type { RunAsked } from "../dev/fake-world.ts";
import { consoleDir } from "./build.ts";

const chromiumPaths = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const chromiumArgs = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const pollMs = 50;
/** For anything that is waited for: a busy machine is slow, not wrong. */
const waitMaxMs = 60_000;

const noParams = new TextEncoder().encode("{}");

export type Stage = Awaited<ReturnType<typeof startStage>>;

export async function startStage() {
  const server = await startServer();
  const api = await startFakeApi({ port: 0, consolePort: server.port, isLively: false });
  const browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: chromiumArgs,
    timeout: waitMaxMs,
  });
  const base = `http://127.0.0.1:${api.port}`;
  const taskOf = (runId: string, taskId: string) => {
    const run = api.world.runOf(runId);
    const task = run?.tasks.get(taskId);
    if (run === undefined || task === undefined) throw new Error(`No ${taskId} in ${runId}.`);
    return { run, task };
  };
  return {
    api,
    base,
    /** A page of a person who is logged in, and what its console complained about. */
    async open(path: string, options: BrowserContextOptions = {}) {
      const visit = await this.visit(
        `/login?token=${fakeToken}&next=${encodeURIComponent(path)}`,
        options,
      );
      await visit.page.waitForURL((url) => url.pathname !== "/login");
      return visit;
    },
    async visit(path: string, options: BrowserContextOptions = {}) {
      const context = await browser.newContext({
        viewport: { width: 1440, height: 900 },
        timezoneId: "Europe/Madrid",
        ...options,
      });
      context.setDefaultTimeout(waitMaxMs);
      const page = await context.newPage();
      const complaints = complaintsOf(page);
      await page.goto(base + path);
      return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
    },
    trigger(dagId: string, asked: Partial<RunAsked> = {}): string {
      const dag = api.world.dags.get(dagId);
      if (dag === undefined) throw new Error(`The test double has no DAG "${dagId}".`);
      const run = { params: noParams, logicalDate: null, note: "", ...asked };
      return api.world.trigger(dag, Date.now(), run).run.runId;
    },
    /** The task of a run, once it waits: for a moment, a token, a triggerer or a person. */
    async waiting(runId: string, taskId: string) {
      for (;;) {
        const { run, task } = taskOf(runId, taskId);
        if (task.instance.waiting !== undefined) return { run, task };
        await new Promise((resolve) => setTimeout(resolve, pollMs));
      }
    },
    /** Somebody else answers what the task asks. */
    async answer(runId: string, taskId: string, by: string, values: object) {
      await this.pass(runId, taskId, { by, values });
    },
    /** What the task waits for comes now. */
    async pass(runId: string, taskId: string, more: { by?: string; values?: object } = {}) {
      const { run, task } = await this.waiting(runId, taskId);
      run.fulfil(task, { state: InputState.ANSWERED, now: Date.now(), ...more });
      api.world.announce(run);
    },
    /** The task does not leave this state by itself, however long it takes to see it in it. */
    hold(runId: string, taskId: string, state: TaskState) {
      taskOf(runId, taskId).run.hold(taskId, state);
    },
    /** What the held task does now is over. */
    letGo(runId: string, taskId: string) {
      const { run, task } = taskOf(runId, taskId);
      run.letGo(task, Date.now());
      api.world.announce(run);
    },
    tasksOf(runId: string): string[] {
      return [...(api.world.runOf(runId)?.tasks.keys() ?? [])];
    },
    /** Ends a run that nobody lets go. */
    cancel(runId: string) {
      api.world.runOf(runId)?.cancel(Date.now());
    },
    latestRun(dagId: string): string {
      return api.world.runsOf(dagId)[0]?.run.runId ?? "";
    },
    async stop() {
      await browser.close();
      await api.stop();
      await server.stop();
    },
  };
}

/** Errors and warnings of the page's console, and exceptions nobody caught. */
function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    // A refused call is the test's own doing, and Chromium reports each.
    if (message.text().startsWith("Failed to load resource")) return;
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return complaints;
}

/** The entry that an installed console is started by, as a process of its own. */
async function startServer() {
  const child = spawn(process.execPath, ["server.mjs", "--port", "0"], {
    cwd: consoleDir,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((done) => child.once("close", () => done()));
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("{")) continue;
    const { port } = JSON.parse(line) as { port: number };
    return {
      port,
      async stop() {
        child.kill("SIGTERM");
        await ended;
      },
    };
  }
  throw new Error("The console's server ended before it listened.");
}

function chromiumPath(): string {
  const path = chromiumPaths.find((one) => existsSync(one));
  if (path === undefined) {
    throw new Error("The browser tests need Chromium: apt-get install -y chromium");
  }
  return path;
}
