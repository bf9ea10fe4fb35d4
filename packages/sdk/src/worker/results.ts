/** From outcomes to the protocol's results. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { FailureKind, TimeoutOutcome, type DeferralSchema } from "@millrace/wire/v1";
import { ResultSchema, type Result } from "@millrace/wire/worker";
import { externalWaitToProto, failureToProto } from "@millrace/wire";
import type { DeferralOrder, EncodedTrigger, Ended, Outcome } from "./messages.ts";

/** @param xcoms further values the body left; none when it never ran. */
export function resultOf(attemptId: string, outcome: Outcome, xcoms: Ended["xcoms"] = {}): Result {
  const entries = Object.entries(xcoms).map(([key, data]) => [key, { data }]);
  return create(ResultSchema, {
    attemptId,
    outcome: outcomeToProto(outcome),
    xcoms: Object.fromEntries(entries),
  });
}

function outcomeToProto(
  outcome: Outcome,
): NonNullable<MessageInitShape<typeof ResultSchema>["outcome"]> {
  switch (outcome.kind) {
    case "failed":
      return { case: "failed", value: failureToProto(outcome.failure) };
    case "skipped":
      return { case: "skipped", value: { message: outcome.message } };
    case "rescheduled":
      return { case: "rescheduled", value: { after: durationFromMs(outcome.afterMs) } };
    case "deferred":
      return { case: "deferred", value: deferralToProto(outcome.deferral) };
    case "returned":
      return { case: "returned", value: { message: outcome.message } };
    case "succeeded": {
      const { lengths, choice, mapIndexLabel, outletEvents = [] } = outcome;
      return {
        case: "succeeded",
        value: {
          ...(outcome.value !== null && { returnValue: { data: outcome.value } }),
          lengths: [...lengths],
          mapIndexLabel,
          outletEvents: outletEvents.map(({ uri, group, alias, extra, partitionKey = "" }) => ({
            ...{ asset: { uri, group }, alias, partitionKey },
            ...(extra !== null && { extra: { data: extra } }),
          })),
          ...(choice !== null && { choice: { cases: [...choice] } }),
        },
      };
    }
  }
}

const timeoutOutcomes = {
  fail: TimeoutOutcome.FAIL,
  fail_for_good: TimeoutOutcome.FAIL_FOR_GOOD,
  skip: TimeoutOutcome.SKIP,
  fulfil: TimeoutOutcome.FULFIL,
} as const;

type DeferralInit = MessageInitShape<typeof DeferralSchema>;

function deferralToProto(order: DeferralOrder): DeferralInit {
  const { trigger, timeoutMs, onTimeout, resumes, state } = order;
  return {
    trigger: triggerToProto(trigger),
    ...(timeoutMs !== null && { timeout: durationFromMs(timeoutMs) }),
    onTimeout: timeoutOutcomes[onTimeout],
    resumes,
    ...(state !== null && { state: { data: state } }),
  };
}

function triggerToProto(trigger: EncodedTrigger): NonNullable<DeferralInit["trigger"]> {
  switch (trigger.kind) {
    case "time":
      return {
        case: "time",
        value: {
          moment:
            trigger.at === null
              ? { case: "after", value: durationFromMs(trigger.afterMs ?? 0) }
              : { case: "at", value: timestampFromMs(trigger.at) },
        },
      };
    case "token":
      return {
        case: "token",
        value:
          trigger.heartbeatMs === null ? {} : { heartbeat: durationFromMs(trigger.heartbeatMs) },
      };
    case "input": {
      const { defaults, assignees, ...form } = trigger.form;
      const values = defaults === null ? {} : { defaults: { data: defaults } };
      return { case: "input", value: { form: { ...form, ...values, assignees: [...assignees] } } };
    }
    case "runs":
      return { case: "runs", value: externalWaitToProto(trigger.wait) };
    case "watch": {
      const { handler, config, summary } = trigger;
      return { case: "watch", value: { handler, config: { data: config }, summary } };
    }
  }
}

export function isCancelled(result: Result): boolean {
  return result.outcome.case === "failed" && result.outcome.value.kind === FailureKind.CANCELLED;
}
