/** References in results: to values that were stored for the attempt's own run, and no others. */

import { isBlobRef, parseAttemptId, parseBlobKey, readBlobRef } from "@millrace/wire";
import type { Result } from "@millrace/wire/worker";

/**
 * What is wrong with a reference of a result; null for nothing. A value of another run would go with that run, and a part
 * of one is nothing that a worker stores.
 */
export function storedValueProblem({ attemptId, outcome, xcoms }: Result): string | null {
  const values = Object.values(xcoms);
  if (outcome.case === "succeeded" && outcome.value.returnValue)
    values.push(outcome.value.returnValue);
  if (outcome.case === "deferred" && outcome.value.state) values.push(outcome.value.state);
  const runKey = parseAttemptId(attemptId)?.runKey;
  for (const { data } of values) {
    if (!isBlobRef(data)) continue;
    const ref = readBlobRef(data);
    if (ref === null || ref.path.length > 0)
      return "It left a reference to a stored value that cannot be read; update the worker's SDK.";
    if (parseBlobKey(ref.key)?.runKey !== runKey)
      return `It left a reference to ${ref.key}, a stored value of another run; a worker stores what it reports for the run it is about.`;
  }
  return null;
}
