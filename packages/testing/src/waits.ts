/** Tasks that gave their slot back: what is known of their waits. */

import type { Deferral, EpochMs } from "@millrace/engine";
import type { Outcome } from "@millrace/sdk/spec";
import { decodeValue, encodeValue } from "@millrace/sdk/spec";

/** A wait as its body asked for it. Values are codec JSON. */
export type DeferralOrder = Extract<Outcome, { kind: "deferred" }>["deferral"];

/** A wait, until the attempt that goes on with what came has ended. */
export type Wait = {
  readonly order: DeferralOrder;
  /** The attempt that deferred. */
  readonly attempt: number;
  /** What came; null for nothing, or not yet. */
  event: Uint8Array | null;
};

/** The facts by which the engine decides. */
export function deferralFor(order: DeferralOrder, isMeasured: boolean, now: EpochMs): Deferral {
  const { trigger, timeoutMs, onTimeout, resumes } = order;
  const deferral: Deferral = {
    kind: trigger.kind,
    since: now,
    until: null,
    timeoutAt: timeoutMs === null ? null : now + timeoutMs,
    onTimeout,
    heartbeatMs: null,
    handler: null,
    summary: "",
    external: null,
    assignees: [],
    resumes,
  };
  switch (trigger.kind) {
    case "time":
      return { ...deferral, until: trigger.at ?? now + (trigger.afterMs ?? 0) };
    case "token":
      return { ...deferral, heartbeatMs: trigger.heartbeatMs, resumes: resumes || isMeasured };
    case "input": {
      const { subject, assignees } = trigger.form;
      return { ...deferral, summary: subject, assignees, resumes: resumes || isMeasured };
    }
    case "runs":
      return { ...deferral, external: trigger.wait, resumes: resumes || isMeasured };
    case "watch":
      return { ...deferral, handler: trigger.handler, summary: trigger.summary };
  }
}

/** What the form's defaults bring when nobody answers in time; null where there is no such form. */
export function answerOfTime({ trigger, onTimeout }: DeferralOrder, now: EpochMs) {
  if (trigger.kind !== "input" || onTimeout !== "fulfil" || trigger.form.defaults === null)
    return null;
  const values: unknown = decodeValue(trigger.form.defaults, "the defaults of the form");
  return encodeValue({ values, by: "timeout", at: new Date(now) }, "the answer");
}
