import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { DagRunSchema, RunState, TaskInstanceSchema, TaskState } from "@millrace/wire/v1";
import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { liveView } from "./watch-views.ts";

const columns = 30;

function terminal() {
  const stream = Object.assign(new PassThrough(), { columns, isTTY: true });
  return {
    stream: stream as unknown as NodeJS.WriteStream,
    written: () => String(stream.read() ?? ""),
  };
}

const run = (state: RunState) => create(DagRunSchema, { dagId: "etl", runId: "run_1", state });
const task = (taskId: string, state: TaskState, message = "") =>
  create(TaskInstanceSchema, {
    taskId,
    mapIndex: -1,
    state,
    startedAt: timestampFromDate(new Date(0)),
    endedAt: timestampFromDate(new Date(5)),
    ...(message && { failure: { message } }),
  });

test("a frame replaces the one before, line for line, and no line is wider than the terminal", () => {
  const { stream, written } = terminal();
  const view = liveView(stream);
  view.task(task("extract", TaskState.FAILED, "a reason that goes on and on and on"));
  view.task(task("load", TaskState.RUNNING));
  view.run(run(RunState.RUNNING));
  const first = written();
  view.run(run(RunState.FAILED));
  const second = written();
  view.end();
  expect(first).not.toContain("\u001b[3A");
  expect(second.startsWith("\u001b[3A\r\u001b[J")).toBe(true);
  const lines = stripVTControlCharacters(first).trimEnd().split("\n");
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  expect(lines[1]).toMatch(/^ {2}✘ failed {3}extract {2}5 ms…?/);
});

test("many tasks are counted by state instead of listed", () => {
  const { stream, written } = terminal();
  const view = liveView(stream);
  for (let index = 0; index < 100; index++) view.task(task(`t${index}`, TaskState.SUCCESS));
  view.task(task("last", TaskState.RUNNING));
  view.run(run(RunState.RUNNING));
  view.end();
  expect(stripVTControlCharacters(written()).split("\n").slice(1, 3)).toEqual([
    "  ✔ success 100",
    "  ▶ running 1",
  ]);
});
