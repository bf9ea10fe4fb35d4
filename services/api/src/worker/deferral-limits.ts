/** Deferrals as they may be stored: what cannot be waited for fails the task, since a verdict must come of it. */

import { create } from "@bufbuild/protobuf";
import { deferralLimits, isMillraceError } from "@millrace/engine";
import { msOf } from "@millrace/wire";
import {
  DeferralSchema,
  InputFormSchema,
  InputTriggerSchema,
  TimeoutOutcome,
  ValueSchema,
  type Deferral,
  type InputForm,
  type WatchTrigger,
} from "@millrace/wire/v1";
import { codecOf } from "../codec-values.ts";
import { apiLimits } from "../limits.ts";
import { compileFormSchema, completeAnswer } from "../params.ts";

export type Checked = { readonly deferral: Deferral } | { readonly problem: string };

/** The deferral with its form's defaults complete; or what is wrong with it. */
export function checkedDeferral(deferral: Deferral): Checked {
  const { trigger, state, onTimeout } = deferral;
  const limit = apiLimits.valueBytesMax;
  const stateBytes = state?.data.length ?? 0;
  if (stateBytes > limit)
    return { problem: `The state of the deferral has ${stateBytes} bytes; the limit is ${limit}.` };
  if (onTimeout === TimeoutOutcome.FULFIL && trigger.case !== "input")
    return { problem: "Only a form has defaults to go on with when the time is over." };
  switch (trigger.case) {
    case "input":
      return withForm(deferral, trigger.value.form);
    case "watch":
      return withProblem(deferral, watchProblem(trigger.value));
    case "token": {
      const heartbeatMs = msOf(trigger.value.heartbeat);
      const isNone = heartbeatMs !== null && heartbeatMs <= 0;
      return withProblem(deferral, isNone ? "A heartbeat of no time cannot be kept." : null);
    }
    case "time":
      return trigger.value.moment.case === undefined
        ? { problem: "It waits for a moment and does not say which." }
        : { deferral };
    case undefined:
      return {
        problem: "It deferred without a trigger, or with one that this server does not know.",
      };
  }
}

function withProblem(deferral: Deferral, problem: string | null): Checked {
  return problem === null ? { deferral } : { problem };
}

function watchProblem({ handler, summary, config }: WatchTrigger): string | null {
  const { handlerLength, summaryLength } = deferralLimits;
  if (handler === "") return "It waits for a triggerer and names no handler.";
  if (handler.length > handlerLength || summary.length > summaryLength)
    return `A trigger's handler has at most ${handlerLength} characters, its summary ${summaryLength}.`;
  const bytes = config?.data.length ?? 0;
  const limit = apiLimits.valueBytesMax;
  return bytes > limit
    ? `The config of the trigger has ${bytes} bytes; the limit is ${limit}.`
    : null;
}

function withForm(deferral: Deferral, form: InputForm | undefined): Checked {
  if (form === undefined) return { problem: "It awaits input and has no form." };
  const { subject, body, schema } = form;
  const { subjectLength, bodyBytes, schemaBytes } = deferralLimits;
  if (subject === "" || subject.length > subjectLength)
    return {
      problem: `The subject of the form has ${subject.length} characters; it must have 1 to ${subjectLength}.`,
    };
  if (Buffer.byteLength(body) > bodyBytes)
    return { problem: `The body of the form has more than ${bodyBytes} bytes.` };
  if (Buffer.byteLength(schema) > schemaBytes)
    return { problem: `The schema of the form has more than ${schemaBytes} bytes.` };
  try {
    const validate = compileFormSchema(schema);
    const isNeeded = deferral.onTimeout === TimeoutOutcome.FULFIL;
    if (form.defaults === undefined && !isNeeded) return { deferral };
    const values = completeAnswer(form.defaults?.data ?? null, validate);
    const defaults = create(ValueSchema, { data: Buffer.from(JSON.stringify(codecOf(values))) });
    const complete = create(InputFormSchema, { ...form, defaults });
    const trigger = {
      case: "input",
      value: create(InputTriggerSchema, { form: complete }),
    } as const;
    return { deferral: create(DeferralSchema, { ...deferral, trigger }) };
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return { problem: `The form cannot be asked: ${error.message}` };
  }
}
