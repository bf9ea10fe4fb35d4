/** What a URL stands for, as what a task makes. */

import type { ReadableTarget, Target } from "@millrace/sdk";
import { settingOf, type Setting } from "../notifiers/secret.ts";

export type HttpTargetOptions = {
  /** `authorization: { env: "TOKEN" }` takes the value from the worker's environment. */
  readonly headers?: Readonly<Record<string, Setting>>;
  /** How it is asked whether it exists. Default "HEAD". */
  readonly method?: "HEAD" | "GET";
};

/** How long an answer may take, in milliseconds. */
const answerMaxMs = 30_000;

/**
 * A target that exists where the URL answers 200 to 299, and does not where it answers 404 or 410; any other answer is an
 * error.
 *
 * @param options `read`: makes the task's value of the body of the answer to GET.
 */
export function httpTarget<V>(
  url: string,
  options: HttpTargetOptions & { readonly read: (body: string) => V },
): ReadableTarget<V>;
export function httpTarget(url: string, options?: HttpTargetOptions): Target<never>;
export function httpTarget<V>(
  url: string,
  options: HttpTargetOptions & { readonly read?: (body: string) => V } = {},
): Target<V> {
  const { method = "HEAD", read } = options;
  return {
    name: withoutSecrets(url),
    async exists() {
      const answer = await ask(url, method, options);
      await answer.body?.cancel();
      if (answer.status === 404 || answer.status === 410) return false;
      if (answer.ok) return true;
      throw unexpected(url, method, answer.status);
    },
    ...(read !== undefined && {
      async read() {
        const answer = await ask(url, "GET", options);
        if (answer.ok) return read(await answer.text());
        await answer.body?.cancel();
        throw unexpected(url, "GET", answer.status);
      },
    }),
  };
}

function ask(url: string, method: string, { headers = {} }: HttpTargetOptions): Promise<Response> {
  const sent = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    settingOf(value, `httpTarget: headers.${name}`),
  ]);
  return fetch(url, { method, headers: sent, signal: AbortSignal.timeout(answerMaxMs) });
}

function unexpected(url: string, method: string, status: number): Error {
  return new Error(
    `${method} ${withoutSecrets(url)} answered ${status}, which says neither that the target exists nor that it does not.`,
  );
}

/** What a URL carries behind its path may be secret. */
function withoutSecrets(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
