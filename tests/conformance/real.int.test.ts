/** Workers in other languages against the real server: a DAG over two languages, a restart, and the worker of the docs. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cp, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { writeFileAtomically } from "@millrace/operators";
import { Client } from "@millrace/sdk";
import { createLogger } from "@millrace/service";
import { startWorker } from "@millrace/worker";
import { expect, test, vi } from "vitest";
import { preparePython } from "../../scripts/python-venv.mjs";
import { Calls } from "./calls.ts";
import { startRealServer, type RealServer } from "./real-server.ts";

const here = path.dirname(fileURLToPath(import.meta.url));
const repository = path.dirname(path.dirname(here));
const example = path.join(repository, "examples", "python", "score_model.py");
/** For a run, with the start of two workers in it. */
const patience = "90s";

vi.setConfig({ testTimeout: 150_000 });

/** A TypeScript worker that also registers the DAGs. */
async function startTypescript(server: RealServer) {
  const dagFolder = path.join(server.folder, "dags");
  await cp(path.join(here, "dags"), dagFolder, { recursive: true });
  await cp(
    path.join(repository, "examples", "dags", "polyglot.ts"),
    path.join(dagFolder, "polyglot.ts"),
  );
  const worker = await startWorker({
    access: {
      server: server.grpcAddress(),
      key: server.workerKey,
      deployKey: server.adminKey,
    },
    queues: ["default"],
    slots: 4,
    cacheDir: path.join(server.folder, "cache"),
    dagFolder,
    log: createLogger({ name: "worker", level: "error" }),
  });
  return { [Symbol.asyncDispose]: () => worker.stop({ drainMs: 0 }) };
}

function launchPython(server: RealServer, file: string): void {
  const options = [
    "--server",
    server.grpcAddress(),
    "--key-file",
    server.workerKeyFile,
    "--queue",
    "python",
  ];
  server.launch(preparePython(), ["-B", "-m", "millrace", file, ...options]);
}

/** What bodies have noted in a folder, once a line of it is whole: the file is there before its text. */
async function noted(folder: string): Promise<string> {
  const file = path.join(folder, "notes");
  const text = () => (existsSync(file) ? readFileSync(file, "utf8") : "");
  await expect.poll(text, { timeout: 60_000 }).toMatch(/\n$/);
  return text();
}

test("TypeScript feeds Python feeds TypeScript, and until a Python worker comes the task says what it waits for", async () => {
  await using server = await startRealServer();
  await using _worker = await startTypescript(server);
  const calls = new Calls(server);
  const run = await new Client({ url: server.httpUrl(), key: server.adminKey }).trigger("polyglot");

  await calls.untilState(run.id, "collect", "TASK_STATE_SUCCESS");
  await expect
    .poll(() => calls.explain(run.id, "score_model"))
    .toEqual([expect.stringContaining("python")]);

  launchPython(server, example);
  expect((await run.finished({ timeout: patience })).state).toBe("success");
  const scores = (await calls.value(run.id, "score_model")) as {
    model: string;
    scores: { $: string; v: unknown[] };
  };
  expect(scores).toMatchObject({ model: "logistic 1", scores: { $: "map" } });
  expect(scores.scores.v).toHaveLength(20);
  expect(await calls.value(run.id, "pick_best")).toHaveLength(3);
  const lines = await calls.lines(run.id, "score_model");
  expect(lines[0]).toBe("scoring");
  expect(lines[1]).toMatch(/^best score: 0\.\d+$/);
});

test("a Python body that ends while the server is away is reported to the one that comes back", async () => {
  await using server = await startRealServer();
  await using _worker = await startTypescript(server);
  launchPython(server, path.join(here, "workers", "handlers.py"));
  const folder = path.join(server.folder, "hold");
  await mkdir(folder);
  const run = await new Client({ url: server.httpUrl(), key: server.adminKey }).trigger("held", {
    params: { folder },
  });
  await noted(folder);
  await server.stop();
  writeFileSync(path.join(folder, "release"), "");
  await server.start();
  expect((await run.finished({ timeout: patience })).state).toBe("success");
  expect(await noted(folder)).toBe("begun\n");
  expect(await new Calls(server).value(run.id, "hold")).toBe("held");
});

test("mapped in Python, gathered, branched and waited for in TypeScript: a run with all of it", async () => {
  await using server = await startRealServer();
  await using _worker = await startTypescript(server);
  launchPython(server, path.join(here, "workers", "handlers.py"));
  const calls = new Calls(server);
  const run = await new Client({ url: server.httpUrl(), key: server.adminKey }).trigger("inside", {
    params: { folder: server.folder, region: "eu" },
  });
  await calls.untilState(run.id, "wait_for_file", "TASK_STATE_UP_FOR_RESCHEDULE");
  await writeFileAtomically(path.join(server.folder, "found"), "the file");
  expect((await run.finished({ timeout: patience })).state).toBe("success");
  expect(await calls.value(run.id, "total")).toBe(6);
  expect(await calls.value(run.id, "report")).toBe("split 6: the file");
  await calls.untilState(run.id, "copy", "TASK_STATE_SKIPPED");
  expect(await calls.label(run.id, "echo", 1)).toBe("bob of eu");
});

test("a Python body waits without a slot, is watched for and told of in Python, and large values cross the border", async () => {
  await using server = await startRealServer();
  await using _worker = await startTypescript(server);
  launchPython(server, path.join(here, "workers", "handlers.py"));
  const run = await new Client({ url: server.httpUrl(), key: server.adminKey }).trigger("waiting", {
    params: { folder: server.folder },
  });
  const result = await run.result({ timeout: patience });
  expect(result).toEqual([3, 3, 0, 1, 300_000, 300_000, [300_000]]);
  expect(await noted(server.folder)).toBe("told success wait 1\n");
});

test("the small worker of docs/worker-protocol.md runs a task over plain HTTP", async () => {
  await using server = await startRealServer();
  await using _worker = await startTypescript(server);
  const page = readFileSync(path.join(repository, "docs", "worker-protocol.md"), "utf8");
  const [, program = ""] = /```python\n(.*?)```/s.exec(page) ?? [];
  const file = path.join(server.folder, "small_worker.py");
  await writeFile(file, program);
  server.launch("python3", [file, server.httpUrl(), server.workerKeyFile]);
  const run = await new Client({ url: server.httpUrl(), key: server.adminKey }).trigger("words");
  expect((await run.finished({ timeout: patience })).state).toBe("success");
  const calls = new Calls(server);
  expect(await calls.value(run.id, "word_count")).toBe(6);
  expect(await calls.value(run.id, "double")).toBe(12);
});
