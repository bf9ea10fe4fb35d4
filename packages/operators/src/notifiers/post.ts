/** One POST, and what its answer means for the delivery. */

import { RetryTask, context } from "@millrace/sdk";

/** How long the other side may take. */
const answerMs = 30_000;

/** Characters of an answer that the message of a failure repeats. */
const shownMax = 300;

export type Post = {
  /** Names the notifier in messages. */
  readonly what: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/**
 * Resolves when the other side took it. Redirects are not followed: headers may hold secrets.
 *
 * @throws Error for any other answer, or none; the delivery is tried again then, after the answer's Retry-After if it
 * has one.
 */
export async function post({ what, url, headers, body }: Post): Promise<void> {
  const signal = AbortSignal.any([context().signal, AbortSignal.timeout(answerMs)]);
  const response = await fetch(url, {
    method: "POST",
    redirect: "manual",
    // The same for each try of a delivery: who gets it twice can tell.
    headers: { "idempotency-key": context().idempotencyKey, ...headers },
    body,
    signal,
  }).catch((error: unknown) => {
    throw new Error(`${what}: ${hostOf(url)} gave no answer: ${reasonOf(error)}`, { cause: error });
  });
  const answer = await response.text();
  if (response.ok) return;
  const shown = answer.length > shownMax ? `${answer.slice(0, shownMax)}…` : answer;
  const message = `${what}: ${hostOf(url)} answered ${response.status}${shown === "" ? "" : `: ${shown}`}`;
  const afterS = Number(response.headers.get("retry-after") ?? Number.NaN);
  if (Number.isFinite(afterS) && afterS > 0) {
    throw new RetryTask(message, { after: { seconds: Math.min(afterS, retryAfterMaxS) } });
  }
  throw new Error(message);
}

/** Whatever the other side says, an alert is tried again within the day. */
const retryAfterMaxS = 86_400;

/** `fetch` says no more than that it failed; why stands in the cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string } };
  return cause?.message || message || String(error);
}

/** The rest of an address may be a secret, such as that of a Slack webhook. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "the address";
}
