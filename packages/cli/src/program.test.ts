import { CommanderError, type Command } from "commander";
import { expect, test } from "vitest";
import { buildProgram } from "./program.ts";

/** What the command says when it is called wrongly; nothing runs. */
async function refusal(...args: string[]): Promise<string> {
  let said = "";
  const program = buildProgram();
  for (const command of everyCommand(program)) {
    command.configureOutput({ writeErr: (text) => (said += text), writeOut: () => undefined });
  }
  await expect(program.parseAsync(args, { from: "user" })).rejects.toBeInstanceOf(CommanderError);
  return said;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

test.each([
  [["runs", "list", "--limit", "abc"], /--limit.*'abc'.*whole number from 1 to/],
  [["runs", "list", "--limit", "0"], /--limit.*'0'.*whole number from 1 to/],
  [["runs", "list", "--limit", "1.5"], /--limit.*'1\.5'.*whole number/],
  [["runs", "list", "--state", "done"], /--state.*'done'.*queued, running, success, failed/],
  [["tasks", "logs", "run_1", "a", "--map-index", "x"], /--map-index.*'x'.*whole number from 0/],
  [["tasks", "logs", "run_1", "a", "--attempt", "0"], /--attempt.*'0'.*whole number from 1/],
  [["tasks", "list", "run_1", "--state", "done"], /--state.*'done'.*none, scheduled, queued/],
  [["tasks", "clear", "run_1", "load[x]"], /'load\[x\]'.*Write a task id, or "load\[3\]"/],
  [["tasks", "mark", "run_1", "load"], /required option '--state <state>'/],
  [["tasks", "mark", "run_1", "a", "--state", "none"], /'none'.*success, failed, skipped/],
  [["runs", "mark", "run_1", "--state", "skipped"], /'skipped'.*success, failed/],
  [["up", "--slots", "-1"], /--slots.*'-1'.*whole number from 0 to 10000/],
  [["worker", "--slots", "many"], /--slots.*'many'.*whole number from 0 to 10000/],
  [["server", "--grpc-port", "70000"], /--grpc-port.*'70000'.*whole number from 0 to 65535/],
  [["dags", "trigger", "a", "--params", "{a"], /--params.*'\{a'.*Give a JSON object/],
  [["dags", "trigger", "a", "--params", "[1]"], /--params.*'\[1\]'.*Give a JSON object/],
  [["pools", "create", "a", "--slots", "0"], /--slots.*'0'.*from 1 to 1000000, or unlimited/],
  [["backfills", "create", "a", "--to", "2026-01-01"], /required option '--from <date>'/],
  [["backfills", "create", "a", "--from", "1.1.2026"], /--from.*'1\.1\.2026'.*a day like/],
  [["backfills", "create", "a", "--from", "2026-02-30"], /--from.*'2026-02-30'.*a day like/],
  [["backfills", "create", "a", "--max-active-runs", "0"], /--max-active-runs.*from 1 to 1000/],
  [["backfills", "create", "a", "--reprocess", "all"], /'all'.*none, failed, completed/],
  [["backfills", "create", "a", "--params", "5"], /--params.*'5'.*Give a JSON object/],
  [["backfills", "show"], /missing required argument 'backfill-id'/],
  [["dags", "next-runs", "a", "--count", "5000"], /--count.*'5000'.*from 1 to 1000/],
  [["dags", "dependencies", "--levels", "99"], /--levels.*'99'.*from 1 to 20/],
  [["assets", "emit", "a", "--extra", "[1]"], /--extra.*'\[1\]'.*Give a JSON object/],
  [["assets", "events", "--since", "monday"], /--since.*'monday'.*with its zone/],
  [["pools", "create", "a"], /required option '--slots <n>'/],
  [["inputs", "list", "--state", "done"], /--state.*'done'.*open, answered, timed_out, withdrawn/],
  [["inputs", "answer", "run_1", "a", "--values", "[1]"], /--values.*'\[1\]'.*Give a JSON object/],
  [["tokens", "succeed", "a.b", "--value", "{a"], /--value.*'\{a'.*Give JSON, quoted/],
  [["tokens", "fail", "a.b"], /required option '--message <text>'/],
  [["callbacks", "list"], /missing required argument 'run-id'/],
  [["dags", "test", "a", "--params", "null"], /--params.*'null'.*Give a JSON object/],
  [["dags", "trigger", "a", "--logical-date", "2026-01-01"], /--logical-date.*with its zone/],
  [["dags", "trigger", "a", "--logical-date", "2026-13-01T00:00:00Z"], /--logical-date.*2026-13/],
  [
    ["dags", "trigger", "a", "--logical-date", "2026-02-30T00:00:00Z"],
    /--logical-date.*2026-02-30/,
  ],
])("%j is refused with the option, the value and what would be right", async (args, message) => {
  expect(await refusal(...args)).toMatch(message);
});

test.each([
  [["dgas", "list"], /unknown command 'dgas'\n\(Did you mean dags\?\)/],
  [["runs", "lst"], /unknown command 'lst'\n\(Did you mean list\?\)/],
  [["runs", "list", "--lmit", "1"], /unknown option '--lmit'\n\(Did you mean --limit\?\)/],
])("%j gets a suggestion", async (args, message) => {
  expect(await refusal(...args)).toMatch(message);
});

test("a missing argument is named", async () => {
  expect(await refusal("tasks", "logs", "run_1")).toMatch(
    /missing required argument 'task-id'\nAdd --help to see what it takes\./,
  );
});

test("every command describes itself and its options, and shows the options that all take", () => {
  for (const command of everyCommand(buildProgram())) {
    expect(command.description(), command.name()).not.toBe("");
    for (const option of command.options) expect(option.description, option.flags).not.toBe("");
    if (command.commands.length === 0) expect(command.helpInformation()).toContain("--json");
  }
});
