/** From what a body asked for with `defer` to the wait that is reported. */

import { encodeValue } from "../codec/codec.ts";
import { blobBytesMax } from "../limits.ts";
import type { DeferralRequest } from "../waiting/deferral.ts";
import type { TriggerSpec } from "../waiting/trigger-spec.ts";
import { formDefaults } from "./form-defaults.ts";
import type { DeferralOrder, EncodedTrigger, Outcome, Work } from "./messages.ts";
import { failureOf } from "./outcome.ts";

/** What is left of a sensor's time, and what becomes of it then. */
export type SensorRest = { readonly leftMs: number; readonly softFail: boolean };

/**
 * The outcome of a body that defers; a failure when what it asks for cannot be had. The same would be refused again: no
 * retry can help.
 *
 * @param canResume whether the task has a function to go on with.
 * @param rest of a sensor only.
 */
export async function deferred(
  work: Work,
  request: DeferralRequest,
  canResume: boolean,
  rest: SensorRest | null,
): Promise<Outcome> {
  try {
    const { trigger, state } = request;
    const what = `task "${work.taskId}"`;
    const deferral: DeferralOrder = {
      ...limitOf(request, rest),
      trigger: await encodedTrigger(trigger, what),
      resumes: canResume || mustResume(work, trigger),
      state:
        state === undefined
          ? null
          : encodeValue(state, `the state that ${what} defers with`, blobBytesMax),
    };
    return { kind: "deferred", deferral };
  } catch (error) {
    return { kind: "failed", failure: failureOf(error, "application", false) };
  }
}

/**
 * What only a worker can see of a value: what it chooses, and how an instance is named. A moment brings no value, so that
 * no list can be in it, and a worker says that best.
 */
function mustResume(work: Work, trigger: TriggerSpec): boolean {
  const isMeasured = trigger.kind === "time" && work.measuredPaths.length > 0;
  return work.control !== "none" || work.mapIndexTemplate !== "" || isMeasured;
}

/** Of a sensor, whichever ends first: its own time, or that of the wait. */
function limitOf(
  { trigger, timeoutMs, onTimeout }: DeferralRequest,
  rest: SensorRest | null,
): Pick<DeferralOrder, "timeoutMs" | "onTimeout"> {
  const hasDefaults = trigger.kind === "input" && trigger.form.defaults !== null;
  const wanted = onTimeout ?? (hasDefaults ? "fulfil" : null);
  if (rest === null) return { timeoutMs, onTimeout: wanted ?? "fail" };
  const ofSensor = rest.softFail ? "skip" : "fail_for_good";
  if (timeoutMs === null || timeoutMs >= rest.leftMs)
    return { timeoutMs: rest.leftMs, onTimeout: ofSensor };
  return { timeoutMs, onTimeout: wanted ?? ofSensor };
}

async function encodedTrigger(trigger: TriggerSpec, what: string): Promise<EncodedTrigger> {
  if (trigger.kind === "watch") {
    const config = encodeValue(trigger.config, `the config of the trigger of ${what}`);
    return { ...trigger, config };
  }
  if (trigger.kind !== "input") return trigger;
  const values = await formDefaults(trigger.form);
  const defaults =
    values === null ? null : encodeValue(values, `the defaults of the form of ${what}`);
  return { kind: "input", form: { ...trigger.form, defaults } };
}
