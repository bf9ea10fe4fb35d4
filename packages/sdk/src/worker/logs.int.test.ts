import { LogLevel, LogStream } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { aGate } from "./testing/gate.ts";
import { startBench, valueOf } from "./testing/worker-bench.ts";

test("what a body prints and logs is in the log of its attempt, in order, before its result", async () => {
  await using bench = await startBench({
    bodies: {
      talk: `() => {
        console.log("one", { a: 1 });
        console.warn("two");
        console.error("three");
        context().log.info("four", { rows: 4n });
        process.stdout.write("fi");
        process.stdout.write("ve\\nsix");
        return bench;
      }`,
    },
    preamble: "const bench = 1;",
  });
  bench.server.verdictOn = ({ attemptId }) => {
    expect(bench.server.linesOf(attemptId)).toHaveLength(6);
    return 1;
  };
  bench.server.assign(bench.task("talk"));
  await bench.server.result("talk");
  const lines = bench.server.linesOf("talk");
  expect(lines.map((line) => line.message)).toEqual([
    "one { a: 1 }",
    "two",
    "three",
    "four",
    "five",
    "six",
  ]);
  expect(lines.map((line) => line.seq)).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
  expect(lines.map((line) => line.stream)).toEqual([
    LogStream.STDOUT,
    LogStream.STDERR,
    LogStream.STDERR,
    LogStream.LOG,
    LogStream.STDOUT,
    LogStream.STDOUT,
  ]);
  expect(lines.map((line) => line.level).slice(0, 3)).toEqual([
    LogLevel.INFO,
    LogLevel.WARN,
    LogLevel.ERROR,
  ]);
  expect(lines[3]?.fieldsJson).toBe('{"rows":"4"}');
});

test("attempts that share a thread do not mix their lines", async () => {
  const body = `async (name: string) => {
    for (let i = 0; i < 20; i++) { console.log(name); await new Promise((resolve) => setImmediate(resolve)); }
  }`;
  await using bench = await startBench({ bodies: { talk: body }, threads: 1 });
  const names = ["a", "b", "c", "d"];
  const args = (name: string): Uint8Array => new TextEncoder().encode(JSON.stringify([name]));
  bench.server.assign(
    ...names.map((attemptId) => bench.task("talk", { attemptId, args: args(attemptId) })),
  );
  for (const name of names) {
    await bench.server.result(name);
    expect(bench.server.linesOf(name).map((line) => line.message)).toEqual(
      Array.from({ length: 20 }, () => name),
    );
  }
});

test("a body that prints 100,000 lines has all of them stored, and others run meanwhile", async () => {
  const bodies = {
    flood: '() => { for (let i = 1; i <= 100_000; i++) console.log("line " + i); }',
    other: "() => 1",
  };
  await using bench = await startBench({ bodies });
  bench.server.assign(bench.task("flood"), bench.task("other"));
  expect(valueOf(await bench.server.result("other"))).toBe(1);
  await bench.server.result("flood");
  // A result waits only so long for its log.
  await bench.server.until(() => bench.server.linesOf("flood").length >= 100_000);
  const lines = bench.server.linesOf("flood");
  expect(lines).toHaveLength(100_000);
  expect(lines.at(-1)).toMatchObject({ seq: 100_000n, message: "line 100000" });
});

test("beyond the limit lines are left out, and the log says how many", async () => {
  const bodies = {
    flood:
      '() => { const text = "x".repeat(1_000_000); for (let i = 0; i < 2_000; i++) console.log(text); }',
  };
  await using bench = await startBench({ bodies });
  bench.server.assign(bench.task("flood"));
  await bench.server.result("flood");
  await bench.server.until(() => bench.server.linesOf("flood").at(-1)?.stream === LogStream.SYSTEM);
  const lines = bench.server.linesOf("flood");
  const bytes = lines.reduce((sum, line) => sum + line.message.length, 0);
  expect(bytes).toBeLessThan(11 * 1024 * 1024);
  expect(Buffer.byteLength(lines[0]!.message)).toBeLessThanOrEqual(16 * 1024);
  expect(lines[0]!.message.endsWith("…")).toBe(true);
  const kept = lines.length - 1;
  const left = (2_000 - kept).toLocaleString("en");
  expect(lines.at(-1)).toMatchObject({ stream: LogStream.SYSTEM });
  expect(lines.at(-1)!.message).toContain(`${left} lines left out`);
});

test("lines of a body that blocks arrive while it does", async () => {
  using gate = aGate();
  await using bench = await startBench({ bodies: { block: gate.blocks } });
  bench.server.assign(bench.task("block"));
  await bench.server.until(() => bench.server.linesOf("block").length > 3);
  expect(bench.server.resultsOf("block")).toEqual([]);
  gate.open();
  await bench.server.result("block");
});

test("lines are sent until they are stored, each once", async () => {
  await using bench = await startBench({ bodies: { talk: "() => console.log('hello')" } });
  bench.server.refusesLogs = true;
  bench.server.assign(bench.task("talk"));
  await bench.server.until(() =>
    bench.server.renewals.some(({ attemptIds }) => attemptIds.includes("talk")),
  );
  expect(bench.server.resultsOf("talk")).toEqual([]);
  bench.server.refusesLogs = false;
  await bench.server.result("talk");
  await bench.server.until(() => bench.server.linesOf("talk").length > 0);
  expect(bench.server.linesOf("talk").map((line) => line.message)).toEqual(["hello"]);
});
