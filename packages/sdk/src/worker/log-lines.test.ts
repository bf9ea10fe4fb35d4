import { expect, test } from "vitest";
import { logLinesMax } from "./limits.ts";
import { LogLines } from "./log-lines.ts";

const lines = (): LogLines => new LogLines(() => undefined);
const texts = (log: LogLines): string[] => log.take().map((entry) => entry.message);

test("writes become lines at their ends, whatever pieces they come in", () => {
  const log = lines();
  log.write("info", "stdout", "a\nb");
  log.write("info", "stdout", "c\r\n\nd");
  expect(texts(log)).toEqual(["a", "bc", ""]);
  log.end();
  expect(texts(log)).toEqual(["d"]);
});

test("streams do not complete each other's lines", () => {
  const log = lines();
  log.write("info", "stdout", "out");
  log.write("error", "stderr", "err\n");
  log.write("info", "stdout", "!\n");
  expect(texts(log)).toEqual(["err", "out!"]);
});

test("beyond the limit lines are counted, not kept", () => {
  const log = lines();
  for (let index = 0; index < logLinesMax + 5; index++) log.add("info", "log", "x");
  expect(log.take()).toHaveLength(logLinesMax);
  expect(log.dropped).toBe(5);
});

test("a line without an end is cut like any other", () => {
  const log = lines();
  for (let index = 0; index < 100; index++) log.write("info", "stdout", "x".repeat(10_000));
  log.end();
  const [text] = texts(log);
  expect(Buffer.byteLength(text!)).toBe(16 * 1024);
  expect(text!.endsWith("…")).toBe(true);
});

test("fields that JSON cannot say are written as text", () => {
  const log = lines();
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  log.add("info", "log", "a", { big: 12n, map: new Map([[1, 2]]), error: new Error("boom") });
  log.add("info", "log", "b", circle);
  const [first, second] = log.take();
  expect(JSON.parse(first!.fieldsJson)).toMatchObject({ big: "12", map: "Map(1) { 1 => 2 }" });
  expect(first!.fieldsJson).toContain("boom");
  expect(JSON.parse(second!.fieldsJson)).toHaveProperty("unreadable");
});

test("the first lines are urgent, floods are gathered", () => {
  const log = lines();
  let taken = 0;
  for (let index = 0; index < 900; index++) {
    log.add("info", "log", "x");
    if (!log.isUrgent) continue;
    log.take();
    taken++;
  }
  expect(taken).toBeGreaterThan(10);
  expect(taken).toBeLessThan(200);
});
