/** What tests of waits share: tokens, answers, rows, and a triggerer. */

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Database } from "@millrace/db";
import type { EndWaitSchema, OwnerReply } from "@millrace/wire/internal";
import { ReasonKind } from "@millrace/wire/v1";
import type { Assignment } from "@millrace/wire/worker";
import { deferred, textOf, type FakeApi, type Outcome } from "./fake-api.ts";

/** The database's clock is not read again: a test's clock moves alone. */
export const unread = { shardTtlMs: 3_600_000, shardRenewMs: 3_600_000 };

export const value = (json: unknown) => ({ data: Buffer.from(JSON.stringify(json)) });

type Options = NonNullable<Parameters<typeof deferred>[1]>;

export const forToken = (options: Options & { readonly heartbeatMs?: number } = {}): Outcome => {
  const { heartbeatMs, ...rest } = options;
  const heartbeat = heartbeatMs === undefined ? {} : { heartbeat: durationFromMs(heartbeatMs) };
  return deferred({ case: "token", value: heartbeat }, rest);
};
export const forTime = (ms: number, options: Options = {}): Outcome =>
  deferred(
    { case: "time", value: { moment: { case: "after", value: durationFromMs(ms) } } },
    options,
  );
export const forInput = (options: Options = {}, defaults?: unknown): Outcome =>
  deferred(
    {
      case: "input",
      value: {
        form: {
          subject: "Ship it?",
          schema: '{"type":"object"}',
          ...(defaults === undefined ? {} : { defaults: value(defaults) }),
        },
      },
    },
    options,
  );
export const forWatch = (options: Options = {}): Outcome =>
  deferred(
    {
      case: "watch",
      value: { handler: "http", config: value({ url: "x" }), summary: "x answers" },
    },
    options,
  );

/** Whether an assignment is a watch. */
export const isWatch = ({ attemptId }: Pick<Assignment, "attemptId">) => attemptId.endsWith(".w");

/** What a body goes on with, as text; null when it begins. */
export function resumedWith({ resumption }: Assignment): [string, string] | null {
  return resumption === undefined
    ? null
    : [textOf(resumption.event?.data), textOf(resumption.state?.data)];
}

export type EndWaitAsked = {
  readonly dagId: string;
  readonly run: number;
  readonly ix?: number;
  readonly mapIndex?: number;
  /** Default: the first. */
  readonly attempt?: number;
  readonly requestId?: string;
  readonly principal?: string;
  readonly news: NonNullable<MessageInitShape<typeof EndWaitSchema>["news"]>;
};

/** Brings news of a wait; answers "done" or why not. */
export async function bring(api: FakeApi, asked: EndWaitAsked): Promise<string> {
  const { dagId, run, ix = 0, mapIndex = -1, attempt = 1, news } = asked;
  const { requestId = crypto.randomUUID(), principal = "token:x" } = asked;
  const command = {
    case: "endWait" as const,
    value: { runKey: BigInt(run), taskIx: ix, mapIndex, attempt, news },
  };
  const { reply } = await api.command(dagId, { requestId, principal, command });
  return said(reply);
}

/** Why the task at index 0, called "a", has not gone on: kinds of reasons. */
export async function reasonsOf(api: FakeApi, dagId: string, run: number): Promise<string[]> {
  const value = { runKey: BigInt(run), taskId: "a", mapIndex: -1 };
  const { reply } = await api.command(dagId, { command: { case: "explainTask", value } });
  if (reply.case !== "explanation") throw new Error(said(reply));
  const nameOf = (kind: number) => Object.entries(ReasonKind).find(([, it]) => it === kind)?.[0];
  return reply.value.reasons.map(({ kind }) => nameOf(kind)?.toLowerCase() ?? "");
}

function said(reply: OwnerReply["reply"]): string {
  return reply.case === "refusal" ? reply.value.reason : (reply.case ?? "nothing");
}

export const succeeds = (json: unknown) => ({ case: "success", value: value(json) }) as const;
export const beats = { case: "heartbeat", value: {} } as const;
export const fails = (message: string, retryable = true) =>
  ({ case: "failure", value: { kind: 1, type: "Error", message, stack: "", retryable } }) as const;
export const answers = (values: unknown) =>
  ({ case: "answer", value: value({ values, by: "user:a", at: 0 }) }) as const;

export async function rowOf(
  db: Database,
  table: string,
  run: number,
): Promise<Record<string, unknown> | undefined> {
  const { rows } = await db.pool.query<Record<string, unknown>>(
    `SELECT * FROM ${table} WHERE run_id = $1 ORDER BY 2, 3, 4`,
    [run],
  );
  return rows[0];
}

/** What a task returned, as text. */
export async function outOf(db: Database, run: number): Promise<string | null> {
  const row = await rowOf(db, "task_instance", run);
  return row?.out instanceof Uint8Array ? textOf(row.out) : null;
}
