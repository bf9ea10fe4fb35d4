/** What triggerers report of the waits that they watch. */

import {
  dagLimits,
  type Failure,
  type InstanceRef,
  type RunEvent,
  type Verdict,
} from "@millrace/engine";
import { failureFromProto, type AttemptRef } from "@millrace/wire";
import type { Result } from "@millrace/wire/worker";
import { apply, type About } from "../apply.ts";
import type { Owner } from "../owner.ts";
import type { ActiveRun } from "../runs/run.ts";
import { checkedResult } from "../results/success-check.ts";
import { openWait } from "./waits.ts";
import { finished, ok, regranted } from "../results/verdicts.ts";

type OfAttempt = InstanceRef & { readonly attempt: number; readonly at: number };

/** The first report counts, whoever it is from. One that says nothing of the wait makes somebody else watch it. */
export function takeWatchResult(
  owner: Owner,
  run: ActiveRun,
  { result, sessionKey }: { readonly result: Result; readonly sessionKey: number },
  { ix, mapIx, attempt }: AttemptRef,
): Verdict {
  const watch = owner.watches.find(run, { ix, mapIx }, attempt);
  const isItsOwn = watch?.sessionKey === sessionKey;
  if (isNoReport(result)) {
    if (watch === null) return finished;
    if (!isItsOwn) return regranted;
    owner.watches.again(watch, owner.settings.watchAgainMs);
    return ok;
  }
  // It has stopped by itself.
  if (watch !== null && isItsOwn) owner.watches.unbind(watch);
  const of = { ix, mapIx, attempt, at: owner.dbClock.now() };
  const { event, about } = reportOf(run, result, of);
  return apply(owner, run, event, about);
}

/** It was given back, or lost through no fault of what is watched. */
function isNoReport({ outcome }: Result): boolean {
  if (outcome.case === "returned") return true;
  return outcome.case === "failed" && failureFromProto(outcome.value).kind === "lost";
}

function reportOf(
  run: ActiveRun,
  result: Result,
  of: OfAttempt,
): { readonly event: RunEvent; readonly about: About } {
  const isValue = openWait(run, of)?.deferral?.resumes === false;
  // What is the task's value is measured as such; a branch goes on always, so nothing is chosen here.
  const { outcome } = isValue
    ? checkedResult(run.version, of.ix, { ...result, xcoms: {} })
    : result;
  if (outcome.case === "failed")
    return {
      event: { kind: "waitFailed", ...of, failure: failureFromProto(outcome.value) },
      about: {},
    };
  if (outcome.case !== "succeeded")
    return failed(of, `reported "${outcome.case}" for a wait, which succeeds or fails`);
  const { returnValue, lengths } = outcome.value;
  const bytes = returnValue?.data.byteLength ?? 0;
  if (bytes > dagLimits.argsBytes)
    return failed(of, `reported a value of ${bytes} bytes; it may have ${dagLimits.argsBytes}`);
  return {
    event: { kind: "waitFulfilled", ...of, hasValue: returnValue !== undefined, lengths },
    about: { out: returnValue?.data ?? null },
  };
}

/** No retry would help: the triggerer is not what it should be. */
function failed(of: OfAttempt, what: string): { readonly event: RunEvent; readonly about: About } {
  const failure: Failure = {
    ...{ kind: "setup", type: "InvalidResult", message: `The triggerer ${what}; update it.` },
    ...{ stack: "", retryable: false, retryAfterMs: null },
  };
  return { event: { kind: "waitFailed", ...of, failure }, about: {} };
}
