/** Checks what a body that gives its slot back wants to wait for: what cannot be waited for fails its attempt and says why. */

import { dagLimits, deferralLimits } from "@millrace/engine";
import { epochMsOf, isKnownEndState, msOf, runKeyOf } from "@millrace/wire";
import {
  TimeoutOutcome,
  type Deferral,
  type InputForm,
  type RunsTrigger,
  type TimeTrigger,
  type WatchTrigger,
} from "@millrace/wire/v1";

/** The greatest instant that a Date holds. */
const instantMax = 8_640_000_000_000_000;

/** What is wrong with a deferral; null when nothing is. `taskId`: who wants it. */
export function deferralProblem(taskId: string, deferral: Deferral): string | null {
  const wrong = problemOf(deferral);
  return wrong === null ? null : `"${taskId}" deferred, and ${wrong}`;
}

function problemOf(deferral: Deferral): string | null {
  return (
    triggerProblem(deferral) ?? timeoutProblem(deferral) ?? sizeProblem("its state", deferral.state)
  );
}

function triggerProblem({ trigger }: Deferral): string | null {
  switch (trigger.case) {
    case "time":
      return momentProblem(trigger.value);
    case "token": {
      const heartbeatMs = msOf(trigger.value.heartbeat);
      return heartbeatMs === null ? null : spanProblem("the heartbeat", heartbeatMs, 1);
    }
    case "input":
      return trigger.value.form === undefined
        ? "there is no form for people; give one."
        : formProblem(trigger.value.form);
    case "watch":
      return watchProblem(trigger.value);
    case "runs":
      return runsProblem(trigger.value);
    case undefined:
      return "does not say for what this version can wait; update the server, or the worker's SDK.";
  }
}

function runsProblem(trigger: RunsTrigger): string | null {
  const { dagId, runId, logicalDates, taskIds, groupIds } = trigger;
  const { externalDates, externalParts } = deferralLimits;
  if (dagId === "" || dagId.length > dagLimits.idLength)
    return `the id of the DAG it waits for has ${dagId.length} characters; it needs 1 to ${dagLimits.idLength}.`;
  if (runId !== "" && runKeyOf(runId) === null)
    return `the run it waits for is ${JSON.stringify(runId.slice(0, 100))}, which is no run id.`;
  if (runId !== "" && logicalDates.length > 0)
    return "it waits for a run by its id and by logical dates; give one of them.";
  if (runId === "" && (logicalDates.length === 0 || logicalDates.length > externalDates))
    return `it waits for the runs of ${logicalDates.length} logical dates; give 1 to ${externalDates}.`;
  if (new Set(logicalDates.map(epochMsOf)).size < logicalDates.length)
    return "it waits for a logical date twice; give each once.";
  for (const ids of [taskIds, groupIds])
    if (ids.length > externalParts || ids.some((id) => id === "" || id.length > dagLimits.idLength))
      return `it waits for ${ids.length} tasks or groups; at most ${externalParts} may be named, each with 1 to ${dagLimits.idLength} characters.`;
  return statesProblem(trigger);
}

function statesProblem({ allowedStates, failedStates, skippedStates }: RunsTrigger): string | null {
  const all = [...allowedStates, ...failedStates, ...skippedStates];
  const unknown = all.find((state) => !isKnownEndState(state));
  if (unknown !== undefined)
    return `the state ${unknown} that it waits for is none that this version knows; update the server.`;
  return new Set(all).size < all.length
    ? "a state is in two of allowed, failed and skipped states; put it into one."
    : null;
}

function momentProblem({ moment }: TimeTrigger): string | null {
  switch (moment.case) {
    case "at": {
      const at = epochMsOf(moment.value) ?? Number.NaN;
      return at >= 0 && at <= instantMax ? null : `the moment ${at} ms is no date after 1970.`;
    }
    case "after":
      return spanProblem("the wait", msOf(moment.value) ?? 0, 0);
    case undefined:
      return "there is no moment to wait for; give one.";
  }
}

function spanProblem(what: string, ms: number, min: number): string | null {
  if (ms >= min && ms <= dagLimits.durationMs) return null;
  return `${what} of ${ms} ms is not between ${min} ms and ${dagLimits.durationMs} ms (ten years).`;
}

function formProblem({ subject, body, schema, defaults, assignees }: InputForm): string | null {
  const { subjectLength, bodyBytes, schemaBytes, assigneeLength } = deferralLimits;
  if (subject.length === 0 || subject.length > subjectLength)
    return `the form's subject has ${subject.length} characters; it needs 1 to ${subjectLength}.`;
  if (Buffer.byteLength(body) > bodyBytes)
    return `the form's body has ${Buffer.byteLength(body)} bytes; it may have ${bodyBytes}.`;
  if (Buffer.byteLength(schema) > schemaBytes)
    return `the form's schema has ${Buffer.byteLength(schema)} bytes; it may have ${schemaBytes}.`;
  if (!isJsonObject(schema)) return "the form's schema is no JSON object.";
  if (assignees.length > deferralLimits.assignees)
    return `the form has ${assignees.length} assignees; it may have ${deferralLimits.assignees}.`;
  if (assignees.some((name) => name.length === 0 || name.length > assigneeLength))
    return `an assignee of the form has not 1 to ${assigneeLength} characters.`;
  if (defaults !== undefined && !isJsonObject(Buffer.from(defaults.data).toString()))
    return "the form's defaults are no object.";
  return sizeProblem("the form's defaults", defaults);
}

function watchProblem({ handler, config, summary }: WatchTrigger): string | null {
  const { handlerLength, summaryLength } = deferralLimits;
  if (handler.length === 0 || handler.length > handlerLength)
    return `the trigger's handler has ${handler.length} characters; it needs 1 to ${handlerLength}.`;
  if (summary.length > summaryLength)
    return `the trigger's summary has ${summary.length} characters; it may have ${summaryLength}.`;
  return sizeProblem("the trigger's config", config);
}

function timeoutProblem({ trigger, timeout, onTimeout }: Deferral): string | null {
  const timeoutMs = msOf(timeout);
  const wrong = timeoutMs === null ? null : spanProblem("its timeout", timeoutMs, 0);
  if (wrong !== null) return wrong;
  if (!Object.values<number>(TimeoutOutcome).includes(onTimeout))
    return `on_timeout is ${onTimeout}, which this version does not know; update the server.`;
  if (onTimeout !== TimeoutOutcome.FULFIL) return null;
  if (trigger.case !== "input")
    return "only a form has defaults that a timeout could fulfil it with.";
  return trigger.value.form?.defaults === undefined
    ? "its timeout is to be fulfilled with the form's defaults, which are missing."
    : null;
}

function sizeProblem(
  what: string,
  value: { readonly data: Uint8Array } | undefined,
): string | null {
  const bytes = value?.data.byteLength ?? 0;
  if (bytes <= dagLimits.argsBytes) return null;
  return `${what} has ${bytes} bytes; it may have ${dagLimits.argsBytes}. Store it elsewhere and keep its address.`;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
