/**
 * What only this node does about a deferral: it knows JSON Schema, and what the way to the owner can carry. All else that a
 * task may not wait for, its owner says.
 */

import { create, toBinary } from "@bufbuild/protobuf";
import { deferralLimits, isMillraceError } from "@millrace/engine";
import {
  DeferralSchema,
  InputFormSchema,
  InputTriggerSchema,
  TimeoutOutcome,
  ValueSchema,
  type Deferral,
  type InputForm,
} from "@millrace/wire/v1";
import { codecOf } from "../codec-values.ts";
import { workerLimits } from "../limits.ts";
import { compileFormSchema, completeAnswer } from "../params.ts";

export type Completed = { readonly deferral: Deferral } | { readonly problem: string };

/** The deferral, its form's schema known to be one and its defaults complete; or what is wrong with it. */
export function completeDeferral(deferral: Deferral): Completed {
  const bytes = toBinary(DeferralSchema, deferral).length;
  const limit = workerLimits.deferralBytesMax;
  if (bytes > limit)
    return {
      problem: `The deferral has ${bytes} bytes; the limit is ${limit}. Store what it holds elsewhere and keep where.`,
    };
  const form = deferral.trigger.case === "input" ? deferral.trigger.value.form : undefined;
  // A schema above the limit is refused for that, and not compiled before.
  const isLong = Buffer.byteLength(form?.schema ?? "") > deferralLimits.schemaBytes;
  return form === undefined || isLong ? { deferral } : withForm(deferral, form);
}

function withForm(deferral: Deferral, form: InputForm): Completed {
  try {
    const validate = compileFormSchema(form.schema);
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
