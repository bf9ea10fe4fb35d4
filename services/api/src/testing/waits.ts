/** Task instances that wait, as owners leave them in the tables. */

import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Database } from "@millrace/db";
import { TaskState } from "@millrace/engine";
import { DeferralRowSchema } from "@millrace/wire/internal";
import { InputFormSchema, type DeferralSchema } from "@millrace/wire/v1";

type Place = { readonly runKey: number; readonly ix?: number; readonly mapIx?: number };

/** An instance whose first attempt deferred; `at` is when. */
export async function deferredTask(
  { prisma }: Database,
  { runKey, ix = 0, mapIx = -1 }: Place,
  deferral: MessageInitShape<typeof DeferralSchema>,
  at = new Date(),
): Promise<void> {
  const isInput = deferral.trigger?.case === "input";
  const isUntil = deferral.trigger?.case === "time";
  const row = create(DeferralRowSchema, {
    deferral,
    since: timestampFromDate(at),
    timeoutAt: timestampFromDate(new Date(at.getTime() + 60_000)),
    ...(isUntil && { until: timestampFromDate(at) }),
  });
  const bytes = Uint8Array.from(toBinary(DeferralRowSchema, row));
  const state = isInput ? TaskState.awaiting_input : TaskState.deferred;
  await prisma.taskInstance.create({
    data: {
      ...{ runId: BigInt(runKey), ix, mapIx, state, attempt: 1, sessionKey: 1 },
      ...{ startedAt: at, endedAt: at, uncounted: 1, deferral: bytes },
    },
  });
}

export type Form = MessageInitShape<typeof InputFormSchema>;

/** An instance that asks: its row and that of its form. */
export async function askingTask(
  db: Database,
  place: Place,
  form: Form,
  at = new Date(),
): Promise<void> {
  await deferredTask(db, place, { trigger: { case: "input", value: { form } } }, at);
  await inputRequest(db, place, form, at);
}

/** What was asked, without an instance. */
export async function inputRequest(
  { prisma }: Database,
  { runKey, ix = 0, mapIx = -1 }: Place,
  form: Form,
  at = new Date(),
  more: { attempt?: number; state?: number; answeredBy?: string; answer?: string } = {},
): Promise<void> {
  const { attempt = 1, state = 1, answeredBy = null, answer } = more;
  await prisma.inputRequest.create({
    data: {
      ...{ runId: BigInt(runKey), ix, mapIx, attempt, state, answeredBy },
      form: Uint8Array.from(toBinary(InputFormSchema, create(InputFormSchema, form))),
      ...{ askedAt: at, endedAt: state === 1 ? null : new Date() },
      answer: answer === undefined ? null : Uint8Array.from(Buffer.from(answer)),
    },
  });
}
