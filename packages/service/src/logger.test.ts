import { expect, test } from "vitest";
import { createLogger } from "./logger.ts";
import { prettyLine } from "./pretty-line.ts";

test("a line has its event, its fields and no secrets", () => {
  const lines: string[] = [];
  const log = createLogger({ name: "api", pretty: false, write: (line) => void lines.push(line) });
  log.info({ run_id: "run_1", token: "mr_x", session: { token: "mr_y" } }, "run.started");
  const entry = JSON.parse(lines[0] ?? "") as Record<string, unknown>;
  expect(entry).toMatchObject({
    level: "info",
    component: "api",
    event: "run.started",
    run_id: "run_1",
  });
  expect(lines[0]).not.toMatch(/mr_[xy]/);
});

test("a line for people is one line, whatever is in it", () => {
  const line = JSON.stringify({
    level: "warn",
    time: "2026-01-01T10:00:00.123Z",
    component: "api",
    event: "x.y",
    name: "a\nb",
    n: 1,
  });
  expect(prettyLine(line, { hasColor: false })).toBe(
    '10:00:00.123 warn  api       x.y name="a\\nb" n=1\n',
  );
});
