/** A worker against a fake server, with tasks written inline. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { FailureKind, Isolation, TaskKind, type Failure } from "@millrace/wire/v1";
import type { AssignmentSchema, Result } from "@millrace/wire/worker";
import { compileFolder } from "../../bundle/compile-folder.ts";
import { decodeValue } from "../../codec/codec.ts";
import type { WorkerOptions } from "../options.ts";
import { runWorker } from "../run-worker.ts";
import type { WorkerHandle } from "../start-session.ts";
import { FakeServer, type FakeServerOptions } from "./fake-server.ts";

export type LoggedEvent = {
  readonly level: string;
  readonly event: string;
  readonly fields: object;
};

/** Fields of an assignment; those not given are empty. */
export type AssignmentInit = Exclude<
  MessageInitShape<typeof AssignmentSchema>,
  { readonly $typeName: string }
>;

export type Bench = AsyncDisposable & {
  readonly server: FakeServer;
  readonly worker: WorkerHandle;
  readonly events: readonly LoggedEvent[];
  /** An assignment of a task of the inline DAG; the attempt has the task's name unless told otherwise. */
  task(id: string, more?: AssignmentInit): AssignmentInit;
  /** Resolves when the attempt has written something: a sign that its body runs. */
  begun(attemptId: string): Promise<void>;
};

export type BenchOptions = Partial<WorkerOptions> & {
  /** Bodies by task id, as source text such as `async () => 1`. */
  readonly bodies?: Readonly<Record<string, string>>;
  /** Options of tasks by id, as source text such as `{ retryPolicy: () => "fail" }`. */
  readonly taskOptions?: Readonly<Record<string, string>>;
  /** Text at the top of the DAG file. */
  readonly preamble?: string;
  readonly server?: never;
  readonly fake?: FakeServerOptions;
};

const utf8 = new TextEncoder();
/** On a busy machine, too. */
const compileMaxMs = 60_000;

export async function startBench(options: BenchOptions = {}): Promise<Bench> {
  const { bodies = {}, taskOptions = {}, preamble = "", fake, ...rest } = options;
  const dir = await mkdtemp(path.join(tmpdir(), "millrace-test-"));
  const server = await new FakeServer(fake).start();
  await writeFile(path.join(dir, "bench.ts"), dagFile(bodies, taskOptions, preamble));
  const { digest, content, errors } = await compileFolder(dir, { timeoutMs: compileMaxMs });
  if (errors.length > 0) throw new Error(errors.map((error) => error.message).join("\n"));
  server.bundles.set(digest, content);
  const events: LoggedEvent[] = [];
  const note = (level: string) => (fields: object, event: string) =>
    void events.push({ level, event, fields });
  const worker = await runWorker({
    key: "key",
    name: "bench",
    slots: 8,
    threads: 2,
    bundleCacheDir: path.join(dir, "cache"),
    handlesSignals: false,
    log: { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") },
    ...rest,
    server: server.address,
  });
  return {
    server,
    worker,
    events,
    task: (id, more) => ({
      attemptId: id,
      taskId: id,
      handler: `bench.ts#bench#${id}`,
      kind: TaskKind.BUNDLE,
      bundleDigest: digest,
      mapIndex: -1,
      tryNumber: 1,
      maxTries: 3,
      args: utf8.encode("[]"),
      isolation: Isolation.THREAD,
      run: { runId: "run_1", dagId: "bench", runName: "manual__1", dagVersion: 1 },
      fencing: "1",
      idempotencyKey: "key",
      ...more,
    }),
    begun: (attemptId) => server.until(() => server.linesOf(attemptId).length > 0),
    async [Symbol.asyncDispose]() {
      await worker.stop({ drainMs: 0 });
      server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The value of an attempt that succeeded. */
export function valueOf({ outcome }: Result): unknown {
  if (outcome.case !== "succeeded")
    throw new Error(`The attempt did not succeed: ${JSON.stringify(outcome.value)}`);
  return outcome.value.returnValue === undefined
    ? undefined
    : decodeValue(outcome.value.returnValue.data);
}

/** The failure of an attempt that failed, with its kind by name. */
export function failureOf({
  outcome,
}: Result): Pick<Failure, "type" | "message" | "stack" | "retryable"> & { kind: string } {
  if (outcome.case !== "failed") throw new Error(`The attempt did not fail: ${outcome.case}`);
  const { kind, type, message, stack, retryable } = outcome.value;
  const names = Object.entries(FailureKind).find(([, value]) => value === kind);
  return { kind: names?.[0] ?? "", type, message, stack, retryable };
}

function dagFile(
  bodies: Readonly<Record<string, string>>,
  taskOptions: Readonly<Record<string, string>>,
  preamble: string,
): string {
  const tasks = Object.entries(bodies).map(([id, body]) => {
    const more = taskOptions[id] === undefined ? "" : `, ...${taskOptions[id]}`;
    return `  task({ id: ${JSON.stringify(id)}${more} }, (${body}) as never)();`;
  });
  return [
    `import { context, dag, done, FailTask, SkipTask, task } from "@millrace/sdk";`,
    `void [context, done, FailTask, SkipTask];`,
    preamble,
    `export default dag("bench", {}, () => {`,
    ...tasks,
    `  task(function filler() {})();`,
    `});`,
  ].join("\n");
}
