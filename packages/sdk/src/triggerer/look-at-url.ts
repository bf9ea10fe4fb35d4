/** Asks a URL, and says whether the answer is the one that is waited for. */

import type { IncomingMessage } from "node:http";
import { follow } from "../context/args.ts";
import { FailTask } from "../context/outcome.ts";
import type { HttpEvent } from "../waiting/trigger.ts";
import type { HttpWatch } from "../waiting/trigger-spec.ts";
import { bodyEnvironment } from "../worker/environment.ts";
import { request } from "./http-request.ts";
import { httpBodyBytesMax, httpRedirectsMax, httpTimeoutMs } from "./limits.ts";
import { notYet, type Look } from "./poll.ts";

/** Statuses below 500 that a server has for "not yet" or "not now". */
const laterStatuses: ReadonlySet<number> = new Set([404, 408, 409, 423, 425, 429]);

/** Statuses that point elsewhere. */
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Rejects for an answer that will not change by itself, such as 401, and for one that is too long. */
export async function lookAtUrl(watch: HttpWatch, signal: AbortSignal): Promise<Look> {
  const headers = headersOf(watch);
  // Cleared with the look: signals of `AbortSignal.timeout` would live on for all of its time, thousands of them.
  const limit = new AbortController();
  const abort = (): void => limit.abort();
  const late = new Error(`no answer in ${httpTimeoutMs / 1000} s`);
  const timer = setTimeout(() => limit.abort(late), httpTimeoutMs);
  signal.addEventListener("abort", abort);
  try {
    return await look(watch, headers, limit.signal);
  } catch (error) {
    if (error instanceof Refused) throw error;
    return trouble(causeOf(limit.signal.reason === late ? late : error));
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

async function look(watch: HttpWatch, headers: SentHeaders, signal: AbortSignal): Promise<Look> {
  const response = await ask(watch, headers, signal);
  const status = statusOf(response);
  if (!isWanted(watch, status)) {
    discard(response);
    return judge(watch, status, response);
  }
  const body = readBody(response, await bodyOf(watch, response));
  if (!isReached(watch, body)) return notYet;
  const event: HttpEvent = { status, body };
  return { kind: "found", event };
}

/** The same answer would come again: the wait fails. */
class Refused extends Error {
  override readonly name = "HttpTriggerFailed";
}

function isWanted({ status }: HttpWatch, got: number): boolean {
  return status.length === 0 ? got >= 200 && got < 300 : status.includes(got);
}

/** A status that is not waited for: not yet, trouble that may pass, or a refusal. */
function judge(watch: HttpWatch, status: number, { headers }: IncomingMessage): Look {
  const after = headers["retry-after"];
  if (status >= 500) return trouble(`it answered ${status}`, after);
  if (status === 429) return trouble("it answered 429, too many requests", after);
  // Who waits for a status waits for a change: any other that is no refusal is "not yet".
  if (status < 400 || laterStatuses.has(status)) return notYet;
  const expected = watch.status.length === 0 ? "200 to 299" : watch.status.join(", ");
  throw new Refused(
    `${watch.method} ${nameOf(watch.url)} answered ${status}, which does not change by itself; ` +
      `waited for: ${expected}. If ${status} is what to wait for, name it in the option status.`,
  );
}

function trouble(text: string, retryAfter?: string): Look {
  return { kind: "vain", trouble: text, afterMs: retryAfterMs(retryAfter) };
}

/** Seconds, or a date. */
function retryAfterMs(text: string | undefined): number {
  if (text === undefined) return 0;
  const seconds = Number(text);
  const ms = Number.isNaN(seconds) ? Date.parse(text) - Date.now() : seconds * 1000;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

type SentHeaders = { readonly name: string; readonly value: string; readonly isSecret: boolean }[];

/** Headers that belong to one server and no other. */
const secretHeaders = /^(authorization|cookie|proxy-authorization)$/i;

function headersOf({ headers }: HttpWatch): SentHeaders {
  const environment = bodyEnvironment();
  return Object.entries(headers).map(([name, value]) => {
    if (typeof value === "string") return { name, value, isSecret: secretHeaders.test(name) };
    const found = environment[value.env];
    // FailTask: another try finds the same environment.
    if (found === undefined)
      throw new FailTask(
        `The header ${name} is in the environment variable ${value.env}, which the triggerer does not have.`,
      );
    return { name, value: found.trim(), isSecret: true };
  });
}

/** Follows answers that point elsewhere, without what is secret once the server is another. */
async function ask(
  watch: HttpWatch,
  headers: SentHeaders,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let { url, method, body } = watch;
  for (let redirected = 0; ; redirected++) {
    const isSameServer = new URL(url).origin === new URL(watch.url).origin;
    const sent = headers.filter(({ isSecret }) => isSameServer || !isSecret);
    const response = await request(url, { method, headers: sent, body, signal });
    const status = statusOf(response);
    const { location } = response.headers;
    if (!redirects.has(status) || location === undefined || watch.status.includes(status))
      return response;
    discard(response);
    if (redirected === httpRedirectsMax)
      throw new Refused(
        `${watch.method} ${nameOf(watch.url)} was sent elsewhere more than ${httpRedirectsMax} times.`,
      );
    const next = URL.canParse(location, url) ? new URL(location, url) : null;
    if (next === null || !["http:", "https:"].includes(next.protocol))
      throw new Refused(`${watch.method} ${nameOf(watch.url)} was sent on to no URL of HTTP.`);
    url = next.href;
    // As browsers do: only 307 and 308 keep what was sent.
    if (status < 307 && method !== "HEAD") {
      method = "GET";
      body = null;
    }
  }
}

function statusOf({ statusCode }: IncomingMessage): number {
  return statusCode ?? 0;
}

async function bodyOf(watch: HttpWatch, response: IncomingMessage): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early ends the connection.
  for await (const piece of response as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > httpBodyBytesMax)
      throw new Refused(
        `The answer of ${nameOf(watch.url)} is longer than ${httpBodyBytesMax / 1024} KiB, the most that ` +
          "a wait can bring. Wait for something shorter, and fetch it in the task.",
      );
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** How long the rest of an answer that nobody wants may take. */
const discardMs = 5_000;

/** A short body is read to its end, so that the connection is good for the next look; a long one is not worth that. */
function discard(response: IncomingMessage): void {
  const timer = setTimeout(() => response.destroy(), discardMs);
  response.on("close", () => clearTimeout(timer));
  response.on("error", () => undefined);
  let bytes = 0;
  response.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > httpBodyBytesMax) response.destroy();
  });
}

function readBody({ headers }: IncomingMessage, bytes: Uint8Array): unknown {
  if (bytes.length === 0) return null;
  const text = new TextDecoder().decode(bytes);
  const type = headers["content-type"] ?? "";
  if (!/^[^;]*\bjson\b/i.test(type)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // It only says that it is JSON.
    return text;
  }
}

function isReached({ until }: HttpWatch, body: unknown): boolean {
  if (until === null) return true;
  // A path such as "jobs.0.state" is written as text: numbers in it are indexes where there is a list.
  let found = body;
  for (const key of until.path) {
    const isIndex = Array.isArray(found) && typeof key === "string" && /^\d+$/.test(key);
    found = follow(found, [isIndex ? Number(key) : key]);
  }
  return isSame(found, until.equals);
}

function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || one === null || typeof other !== "object" || other === null)
    return one === other;
  const keys = Object.keys(one);
  return (
    Array.isArray(one) === Array.isArray(other) &&
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSame(at(one, key), at(other, key)))
  );
}

function at(value: object, key: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[key];
}

/** What a URL carries behind its path may be secret. */
function nameOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** What went wrong; some errors say it in their cause only. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  // Of a name with several addresses, the message may be empty.
  return cause.message || ("code" in cause ? String(cause.code) : cause.name);
}
