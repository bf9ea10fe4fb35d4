import { fromBinary } from "@bufbuild/protobuf";
import { findAnswer, newestInputRequest, type RequestKey } from "@millrace/db";
import { isMillraceError, MillraceError } from "@millrace/engine";
import { principalLabel, type Call, type Handler } from "@millrace/service";
import {
  AnswerInputRequestSchema,
  InputFormSchema,
  type AnswerInputRequest,
  type InputForm,
  type TaskInstanceService,
} from "@millrace/wire/v1";
import { codecDate, codecOf } from "../codec-values.ts";
import type { ApiContext } from "../context.ts";
import { shown } from "../fields.ts";
import { requestKey } from "../idempotency.ts";
import { apiLimits } from "../limits.ts";
import { compileFormSchema, completeAnswer } from "../params.ts";
import { requireTaskInstance, type Found } from "../task-instance-reading.ts";

type Method = typeof TaskInstanceService.method.answerInput;

/** The answer is complete and checked before the owner sees it; the owner knows whether it is still awaited. */
export function answerInput(context: ApiContext): Handler<Method> {
  return async (request, call) => {
    const key = requestKey(call, AnswerInputRequestSchema, request);
    try {
      await answer(context, call, request, key);
    } catch (error) {
      // What was answered is not judged again: the task may ask something else since, or be gone.
      const before = isMillraceError(error) ? await findAnswer(context.db, key) : null;
      if (before === null) throw error;
    }
    return {};
  };
}

async function answer(
  context: ApiContext,
  call: Call,
  request: AnswerInputRequest,
  { requestId, bodyHash }: RequestKey,
): Promise<void> {
  const { run, key } = await requireTaskInstance(context, request);
  const asked = await newestInputRequest(context.db, key);
  if (asked === null) throw notAwaited(request);
  const form = fromBinary(InputFormSchema, asked.form);
  const by = principalLabel(call.principal);
  assertMayAnswer(form, by);
  // Whether it is still open is for the owner to say: a request that comes again is about a form that is closed.
  const values = completeAnswer(request.values?.data ?? null, compileFormSchema(form.schema));
  const event = { values: codecOf(values), by, at: codecDate(new Date()) };
  const command = {
    principal: by,
    requestId,
    bodyHash,
    command: {
      case: "endWait",
      value: {
        ...waitOf({ key }),
        attempt: 0,
        news: { case: "answer", value: { data: Buffer.from(JSON.stringify(event)) } },
      },
    },
  } as const;
  const { signal } = call;
  await context.commands.send(run.shard, command, { signal, answerMs: apiLimits.changeAnswerMs });
  const { runId, taskId } = request;
  call.log.info({ run_id: runId, task_id: taskId, map_index: key.mapIx, by }, "input.answered");
}

function waitOf({ key }: Pick<Found, "key">) {
  return { runKey: BigInt(key.runKey), taskIx: key.ix, mapIndex: key.mapIx };
}

function assertMayAnswer({ assignees }: InputForm, by: string): void {
  if (assignees.length === 0 || assignees.includes(by)) return;
  throw new MillraceError(
    "INPUT_NOT_YOURS",
    `This is for ${assignees.map(shown).join(", ")}; you are ${by}.`,
    { metadata: { assignees: assignees.join(",").slice(0, apiLimits.noteLength), caller: by } },
  );
}

function notAwaited({ runId, taskId }: AnswerInputRequest): MillraceError {
  return new MillraceError("INPUT_NOT_AWAITED", `The task ${shown(taskId)} asks nothing.`, {
    metadata: { run_id: runId, task_id: taskId },
  });
}
