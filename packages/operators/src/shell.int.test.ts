import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { dag, type TaskContext } from "@millrace/sdk";
import { bodyOf, resolveArgs, runInContext, valueOfRun, type RunFacts } from "@millrace/sdk/spec";
import { describe, expect, test } from "vitest";
import { shell, type ShellOptions } from "./index.ts";

const facts: RunFacts = {
  id: "run_1",
  name: "manual__2026-01-01T00:00:00+00:00",
  dagId: "d",
  type: "manual",
  dagVersion: 1,
  logicalDate: new Date("2026-01-01T00:00:00Z"),
  dataInterval: { start: null, end: null },
  runAfter: new Date("2026-01-01T00:00:00Z"),
  partitionKey: null,
  params: { region: "eu", evil: "a; echo gone", deep: { list: [1, 2] }, text: "it's $HOME" },
};

type Line = { readonly message: string; readonly stream: unknown };

/** Runs the command of one shell task, as a worker would. */
async function run(options: Omit<ShellOptions, "id">, onLine: (line: Line) => void = () => {}) {
  const stop = new AbortController();
  const lines: Line[] = [];
  const note = (message: string, fields?: Readonly<Record<string, unknown>>): void => {
    const line = { message, stream: fields?.["stream"] };
    lines.push(line);
    onLine(line);
  };
  const context: TaskContext = {
    run: valueOfRun(facts),
    task: { id: "s", mapIndex: null, mapLength: null },
    attempt: { number: 1, max: 1 },
    params: facts.params as Record<string, unknown>,
    log: { debug: note, info: note, warn: note, error: note },
    now: () => new Date(),
    signal: stop.signal,
    xcom: { push: () => {}, pull: () => Promise.reject(new Error("not in this test")) },
    triggerDag: () => Promise.reject(new Error("not in this test")),
    outlets: { extra: () => {}, add: () => {} },
    inletEvents: () => noEvents,
    inputs: {},
    triggeringAssetEvents: noEvents,
    taskToken: () => Promise.reject(new Error("not in this test")),
    fencing: "1",
    idempotencyKey: "run_1/s",
  };
  const etl = dag("d", {}, () => void shell({ id: "s", ...options }));
  const args = resolveArgs(etl.spec().tasks[0]?.args ?? "[]", new Map(), facts);
  const ended = runInContext(context, () => bodyOf(etl, "s")(...args)) as Promise<string>;
  return { ended, lines, stop: () => stop.abort(new Error("cancelled")) };
}

const noEvents: TaskContext["triggeringAssetEvents"] = {
  all: () => Promise.resolve([]),
  async *[Symbol.asyncIterator]() {},
};

async function outputOf(command: string, more: Partial<ShellOptions> = {}): Promise<string> {
  const { ended } = await run({ command, ...more });
  return ended;
}

describe("a command", () => {
  test("gives back the last line it printed, and logs every line as it comes", async () => {
    const { ended, lines } = await run({
      command: "echo one; echo two >&2; echo three; printf four",
    });
    await expect(ended).resolves.toBe("four");
    expect(lines).toHaveLength(4);
    expect(lines).toContainEqual({ message: "two", stream: "stderr" });
    expect(
      lines.filter(({ stream }) => stream === undefined).map(({ message }) => message),
    ).toEqual(["one", "three", "four"]);
  });

  test("that prints nothing gives back nothing", async () => {
    await expect(outputOf("true")).resolves.toBe("");
  });

  test("gets its environment and its folder", async () => {
    const env = { GREETING: "it's; $(echo fine)" };
    await expect(outputOf('echo "$GREETING"', { env })).resolves.toBe(env.GREETING);
    await expect(outputOf('test -n "$PATH" && pwd', { cwd: "/" })).resolves.toBe("/");
  });

  test("that ends with 99 is skipped", async () => {
    await expect(outputOf("exit 99")).rejects.toMatchObject({ name: "SkipTask" });
  });

  test("that fails says how, with its last lines", async () => {
    await expect(outputOf("for i in $(seq 20); do echo line $i; done; exit 3")).rejects.toThrow(
      /^the command ended with code 3; its last lines:\nline 11\n(.*\n)*line 20$/,
    );
    await expect(outputOf("kill -9 $$")).rejects.toThrow(
      "was ended by SIGKILL; it printed nothing",
    );
    await expect(outputOf("true", { cwd: "/no/such/folder" })).rejects.toThrow(
      "no shell could be started in /no/such/folder",
    );
  });

  test("that is cancelled ends with everything it started, given time to tidy up", async () => {
    const dir = mkdtempSync(path.join(tmpdir(), "millrace-shell-"));
    try {
      // The child outlives its parent's end unless the group is signalled, and says how it went.
      const child = `trap 'echo told > ${dir}/told; exit' TERM; echo ready; while :; do sleep 0.05; done`;
      const ready = Promise.withResolvers<void>();
      const { ended, stop } = await run({ command: `sh -c "${child}" & wait` }, ({ message }) => {
        if (message === "ready") ready.resolve();
      });
      await ready.promise;
      stop();
      await expect(ended).rejects.toThrow("cancelled");
      expect(existsSync(`${dir}/told`) && readFileSync(`${dir}/told`, "utf8")).toBe("told\n");
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test("is not started once it is cancelled", async () => {
    const etl = dag("d", {}, () => void shell({ id: "s", command: "echo started" }));
    const signal = AbortSignal.abort(new Error("too late"));
    const context = {
      run: valueOfRun(facts),
      task: { id: "s" },
      attempt: { number: 1 },
      params: {},
      signal,
    };
    const ended = runInContext(context as unknown as TaskContext, () =>
      bodyOf(etl, "s")({ command: "echo started", env: {}, cwd: null }),
    );
    await expect(ended).rejects.toThrow("too late");
  });

  test("is wired like any task: options, references in env, a result", () => {
    const spec = dag("d", {}, (run) => {
      shell({ id: "first", command: "date", retries: 2, queue: "big" });
      shell({ id: "second", command: "echo $DAY", env: { DAY: run.ds } });
    }).spec();
    expect(spec.tasks[0]).toMatchObject({ id: "first", retries: 2, queue: "big" });
    expect(JSON.parse(spec.tasks[1]?.args ?? "")).toEqual([
      { command: "echo $DAY", env: { DAY: { $: "run", path: ["ds"] } }, cwd: null },
    ]);
  });
});

describe("a template", () => {
  test.each([
    ["{{ ds }} {{ ds_nodash }}", "2026-01-01 20260101"],
    ["{{ ts }} {{ ts_nodash }}", "2026-01-01T00:00:00+00:00 20260101T000000"],
    ["{{ dag_id }} {{ task_id }} {{ run_id }}", `d s ${facts.name}`],
    ["{{ params.region }} {{ try_number }} {{ map_index }}", "eu 1 -1"],
    ["{{ params.evil | sh }}", "a; echo gone"],
    ["{{ params.text | sh }}", "it's $HOME"],
    ["{{ params.deep | sh }}", '{"list":[1,2]}'],
    ["{% if params.region == 'eu' %}near{% else %}far{% endif %}", "near"],
    ["{{ params.evil | raw }}", "gone"],
  ])("echo %s", async (template, printed) => {
    await expect(outputOf(`echo ${template}`)).resolves.toBe(printed);
  });

  test.each([
    ["a value with meaning to the shell", "{{ params.evil }}", /holds ";", which means something/],
    [
      "a value with a quote in it",
      '"{{ params.text }}"',
      /write \{\{ … \| sh \}\} outside of quotes/,
    ],
    ["an unknown variable", "{{ dss }}", /undefined variable: dss/],
    ["an unknown param", "{{ params.nope }}", /undefined variable: params\.nope/],
    ["an unknown filter", "{{ ds | shout }}", /undefined filter: shout/],
    ["an inherited name", "{{ params.constructor }}", /undefined variable/],
    ["a file", "{% include '/etc/passwd' %}", /ENOENT|not found/i],
    ["an endless loop", "{% for i in (1..100000000) %}x{% endfor %}", /limit/],
  ])("%s is refused", async (_name, template, message) => {
    await expect(outputOf(`echo ${template}`)).rejects.toThrow(message);
  });
});
