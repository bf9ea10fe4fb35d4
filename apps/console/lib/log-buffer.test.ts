import { create } from "@bufbuild/protobuf";
import { LogLevel, LogLineSchema } from "@millrace/wire/v1";
import type { LogLine } from "@millrace/wire/v1";
import { describe, expect, test } from "vitest";
import { ansiSpans, withoutAnsi } from "./ansi.ts";
import { allLines, LogBuffer } from "./log-buffer.ts";
import { logFields } from "./log-fields.ts";

function lines(from: number, count: number, level: LogLevel = LogLevel.INFO): readonly LogLine[] {
  return Array.from({ length: count }, (_, ix) =>
    create(LogLineSchema, { seq: BigInt(from + ix), message: `line ${from + ix}`, level }),
  );
}

describe("LogBuffer", () => {
  test("a resumed stream that repeats lines doubles none", () => {
    const buffer = new LogBuffer();
    buffer.append(lines(1, 3));
    buffer.append(lines(2, 4));
    expect(buffer.view().total).toBe(5);
    expect(buffer.lastSeq).toBe(5n);
  });

  test("a level hides what is below it, in lines there and in lines to come", () => {
    const buffer = new LogBuffer();
    buffer.append([...lines(1, 2), ...lines(3, 1, LogLevel.ERROR)]);
    buffer.setFilter({ minLevel: LogLevel.ERROR, search: "" });
    buffer.append([...lines(4, 1), ...lines(5, 1, LogLevel.ERROR)]);
    expect(buffer.view().rows).toHaveLength(2);
    expect([0, 1].map((row) => buffer.lineAt(row)?.seq)).toEqual([3n, 5n]);
  });

  test("hits are rows of what is shown, case and colours aside", () => {
    const buffer = new LogBuffer();
    buffer.append([
      create(LogLineSchema, { seq: 1n, message: "all well", level: LogLevel.INFO }),
      create(LogLineSchema, {
        seq: 2n,
        message: "\u001b[31mOR\u001b[0mA-01555",
        level: LogLevel.ERROR,
      }),
      create(LogLineSchema, { seq: 3n, message: "see", fieldsJson: '{"code":"ora-01555"}' }),
    ]);
    buffer.setFilter({ ...allLines, search: "ora-01555" });
    expect(buffer.view().hits).toEqual([1, 2]);
    buffer.setFilter({ minLevel: LogLevel.ERROR, search: "ora" });
    expect(buffer.view().hits).toEqual([0]);
  });

  test("readers hear of each change once, and of none when nothing came", () => {
    const buffer = new LogBuffer();
    let calls = 0;
    const stop = buffer.subscribe(() => (calls += 1));
    buffer.append(lines(1, 1_000));
    buffer.append([]);
    stop();
    buffer.append(lines(1_001, 1));
    expect(calls).toBe(1);
  });
});

describe("ansiSpans", () => {
  test("colours and weight become spans; other sequences vanish", () => {
    expect(ansiSpans("a\u001b[1;31mb\u001b[0mc\u001b[2Kd")).toEqual([
      { text: "a", color: null, isBold: false, isDim: false },
      { text: "b", color: 1, isBold: true, isDim: false },
      { text: "c", color: null, isBold: false, isDim: false },
      { text: "d", color: null, isBold: false, isDim: false },
    ]);
    expect(withoutAnsi("\u001b]8;;http://x\u0007link\u001b[92m!")).toBe("link!");
  });
});

test("fields that are not an object are shown as they came", () => {
  expect(logFields('{"a":1,"b":"x"}')).toEqual([
    { name: "a", text: "1" },
    { name: "b", text: "x" },
  ]);
  expect(logFields("[1")).toEqual([{ name: "fields", text: "[1" }]);
});
