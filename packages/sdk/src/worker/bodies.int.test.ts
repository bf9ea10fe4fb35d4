import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Isolation, TaskKind } from "@millrace/wire/v1";
import { describe, expect, test } from "vitest";
import { context } from "../context/context.ts";
import { failureOf, startBench, valueOf } from "./testing/worker-bench.ts";

const utf8 = new TextEncoder();

describe("a body", () => {
  test("gets its arguments, and what it returns is reported", async () => {
    await using bench = await startBench({
      bodies: { add: "async (a: number, b: number) => a + b" },
    });
    const args = utf8.encode('[{"$":"task","id":"up","path":["n"]},2]');
    bench.server.assign(
      bench.task("add", { args, inputs: { up: { data: utf8.encode('{"n":40}') } } }),
    );
    expect(valueOf(await bench.server.result("add"))).toBe(42);
  });

  test("that returns nothing succeeds without a value", async () => {
    await using bench = await startBench({ bodies: { none: "() => undefined" } });
    bench.server.assign(bench.task("none"));
    expect(valueOf(await bench.server.result("none"))).toBeUndefined();
  });

  test("knows its run, its attempt and its fencing, and leaves further values", async () => {
    await using bench = await startBench({
      bodies: {
        facts: `() => {
          const { run, params, attempt, fencing, idempotencyKey, xcom } = context();
          xcom.push("more", new Date(0));
          return [run.id, run.name, run.logicalDate, params, attempt, fencing, idempotencyKey];
        }`,
      },
    });
    const run = {
      runId: "run_9",
      runName: "manual__9",
      params: { data: utf8.encode('{"region":"eu"}') },
    };
    bench.server.assign(
      bench.task("facts", { run, tryNumber: 2, fencing: "7", idempotencyKey: "k" }),
    );
    const result = await bench.server.result("facts");
    expect(valueOf(result)).toEqual([
      "run_9",
      "manual__9",
      null,
      { region: "eu" },
      { number: 2, max: 3 },
      "7",
      "k",
    ]);
    expect(Buffer.from(result.xcoms["more"]!.data).toString()).toContain("1970-01-01");
  });

  test("that throws fails with type, message, cause and its place in the source, without frames of the worker", async () => {
    const bodies = {
      bad: 'async () => {\n throw new TypeError("no rows", { cause: new Error("refused") });\n}',
    };
    await using bench = await startBench({ bodies });
    bench.server.assign(bench.task("bad"));
    const failure = failureOf(await bench.server.result("bad"));
    const expected = {
      kind: "APPLICATION",
      type: "TypeError",
      message: "no rows",
      retryable: true,
    };
    expect(failure).toMatchObject(expected);
    expect(failure.stack).toMatch(/bench\.ts:\d+:\d+/);
    expect(failure.stack).toContain("Caused by: Error: refused");
    expect(failure.stack).not.toContain("executor");
  });

  test("that throws what is no error fails with its text", async () => {
    await using bench = await startBench({ bodies: { odd: 'async () => { throw "just text"; }' } });
    bench.server.assign(bench.task("odd"));
    expect(failureOf(await bench.server.result("odd"))).toMatchObject({ message: "just text" });
  });

  test("fails for good with FailTask and is skipped with SkipTask", async () => {
    await using bench = await startBench({
      bodies: {
        fail: '() => { throw new FailTask("hopeless"); }',
        skip: '() => { throw new SkipTask("not today"); }',
      },
    });
    bench.server.assign(bench.task("fail"), bench.task("skip"));
    expect(failureOf(await bench.server.result("fail"))).toMatchObject({
      message: "hopeless",
      retryable: false,
    });
    const { outcome } = await bench.server.result("skip");
    expect(outcome).toMatchObject({ case: "skipped", value: { message: "not today" } });
  });

  test("with a message and a stack of any length has them cut", async () => {
    await using bench = await startBench({
      bodies: { long: '() => { throw new Error("é".repeat(100_000)); }' },
    });
    bench.server.assign(bench.task("long"));
    const { message, stack } = failureOf(await bench.server.result("long"));
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(4096);
    expect(Buffer.byteLength(stack)).toBeLessThanOrEqual(16_384);
    expect(message.endsWith("…")).toBe(true);
  });
});

describe("an attempt that cannot be prepared fails as setup:", () => {
  test("an unknown bundle", async () => {
    await using bench = await startBench();
    bench.server.assign(bench.task("filler", { bundleDigest: "0".repeat(64) }));
    expect(failureOf(await bench.server.result("filler"))).toMatchObject({
      kind: "SETUP",
      type: "BUNDLE_NOT_FOUND",
    });
  });

  test("a bundle that is not what its digest says", async () => {
    await using bench = await startBench();
    const digest = "1".repeat(64);
    bench.server.bundles.set(digest, utf8.encode("something else"));
    bench.server.assign(bench.task("filler", { bundleDigest: digest }));
    expect(failureOf(await bench.server.result("filler"))).toMatchObject({
      type: "BUNDLE_DIGEST_MISMATCH",
    });
  });

  test("an unknown task", async () => {
    await using bench = await startBench();
    bench.server.assign(bench.task("missing"));
    const failure = failureOf(await bench.server.result("missing"));
    expect(failure.kind).toBe("SETUP");
    expect(failure.message).toContain("missing");
  });

  test("arguments that cannot be read", async () => {
    await using bench = await startBench();
    bench.server.assign(bench.task("filler", { args: utf8.encode("[") }));
    expect(failureOf(await bench.server.result("filler"))).toMatchObject({ kind: "SETUP" });
  });

  test("a handler this worker does not have, naming those it has", async () => {
    await using bench = await startBench({ handlers: { score: () => 1, train: () => 2 } });
    const external = { kind: TaskKind.EXTERNAL, handler: "scor", bundleDigest: "" };
    bench.server.assign(bench.task("filler", external));
    const failure = failureOf(await bench.server.result("filler"));
    expect(failure.kind).toBe("SETUP");
    expect(failure.message).toBe('The worker has no handler "scor". It has: score, train.');
  });
});

test("a bundle is fetched once, however many attempts need it at a time", async () => {
  await using bench = await startBench();
  const ids = Array.from({ length: 50 }, (_, index) => `a${index}`);
  bench.server.assign(...ids.map((attemptId) => bench.task("filler", { attemptId })));
  await Promise.all(ids.map((id) => bench.server.result(id)));
  expect(bench.server.downloads).toBe(1);
});

test("an external handler runs in the process that started the worker, with a context", async () => {
  const greet = (name: string): string => `${name} of ${context().run.id}`;
  await using bench = await startBench({ handlers: { greet } });
  const args = utf8.encode('["Ann"]');
  bench.server.assign(
    bench.task("filler", { kind: TaskKind.EXTERNAL, handler: "greet", bundleDigest: "", args }),
  );
  expect(valueOf(await bench.server.result("filler"))).toBe("Ann of run_1");
});

describe("a body in a process of its own", () => {
  const isolation = Isolation.PROCESS;

  test("runs with its environment, without Millrace's, and its output is captured", async () => {
    const bodies = {
      child:
        "() => { console.log('hi'); return [process.env.A, process.env.MILLRACE_X, process.pid]; }",
    };
    process.env["MILLRACE_X"] = "secret";
    await using bench = await startBench({ bodies });
    delete process.env["MILLRACE_X"];
    bench.server.assign(bench.task("child", { isolation, env: { A: "1" } }));
    const value = valueOf(await bench.server.result("child")) as unknown[];
    expect(value.slice(0, 2)).toEqual(["1", undefined]);
    expect(value[2]).not.toBe(process.pid);
    expect(bench.server.linesOf("child").map((line) => line.message)).toEqual(["hi"]);
  });

  test("that is killed has exited, and its neighbours live on", async () => {
    const bodies = { die: "() => process.kill(process.pid, 'SIGKILL')", other: "() => 1" };
    await using bench = await startBench({ bodies });
    bench.server.assign(bench.task("die", { isolation }), bench.task("other"));
    expect(failureOf(await bench.server.result("die"))).toMatchObject({ kind: "EXITED" });
    expect(valueOf(await bench.server.result("other"))).toBe(1);
  });

  test("that blocks beyond its time is killed with its children", async () => {
    const bodies = {
      stuck: `async () => {
        const { spawn } = await import("node:child_process");
        console.log(String(spawn("sleep", ["600"]).pid));
        await new Promise((resolve) => setTimeout(resolve, 200));
        for (;;) {}
      }`,
    };
    await using bench = await startBench({ bodies, graceMs: 100 });
    bench.server.assign(bench.task("stuck", { isolation, executionTimeout: { seconds: 1n } }));
    expect(failureOf(await bench.server.result("stuck"))).toMatchObject({ kind: "TIMEOUT" });
    const pid = Number(bench.server.linesOf("stuck")[0]?.message);
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  test("that blocks when its worker is killed dies with it, and with its children", async () => {
    const dir = mkdtempSync(path.join(tmpdir(), "millrace-orphan-"));
    const begun = path.join(dir, "begun");
    const bodies = {
      stuck: `async () => {
        const { spawn } = await import("node:child_process");
        const { renameSync, writeFileSync } = await import("node:fs");
        writeFileSync("${begun}.part", JSON.stringify([process.pid, spawn("sleep", ["600"]).pid]));
        renameSync("${begun}.part", "${begun}");
        for (;;) {}
      }`,
    };
    await using bench = await startBench({ bodies });
    await bench.worker.stop();
    const worker = workerProcess(bench.server.address, dir);
    bench.server.assign(bench.task("stuck", { isolation }));
    await expect.poll(() => existsSync(begun)).toBe(true);
    const pids = JSON.parse(readFileSync(begun, "utf8")) as number[];
    expect(pids.map(isAlive)).toEqual([true, true]);
    worker.kill("SIGKILL");
    await expect.poll(() => pids.map(isAlive)).toEqual([false, false]);
    rmSync(dir, { recursive: true });
  });
});

function workerProcess(server: string, dir: string): ChildProcess {
  const options = { server, key: "key", name: "lone", bundleCacheDir: path.join(dir, "cache") };
  const source = `
    import { runWorker } from "${new URL("run-worker.ts", import.meta.url).href}";
    const log = { debug() {}, info() {}, warn: console.warn, error: console.error };
    await runWorker({ ...${JSON.stringify(options)}, log });`;
  return spawn(process.execPath, ["--input-type=module", "-e", source], { stdio: "inherit" });
}

/** A child of a killed process may remain as a zombie where nobody reaps; that is no longer alive. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim() !== "" && !stdout.startsWith("Z");
}
