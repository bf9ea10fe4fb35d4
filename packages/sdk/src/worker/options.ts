/** What a worker is started with. */

import { availableParallelism, hostname } from "node:os";
import { MillraceError } from "@millrace/engine";
import type { ServerOptions } from "./connection.ts";
import { defaultDrainMs, defaultGraceMs, nameCharsMax, slotsMax } from "./limits.ts";
import type { RetryPolicy } from "../task/retry-policy.ts";
import type { SessionOptions } from "./start-session.ts";

/** For a worker that is started beside its server: all that does not need the server is done meanwhile. */
export type LaterServer = { readonly access: Promise<ServerOptions> };

/** A function that implements an external task. It gets the task's arguments; `context()` works in it. */
export type HandlerFunction = (...args: never[]) => unknown;

/** What implements an external task: a function, or one with what is to be done about its errors. */
export type ExternalHandler =
  | HandlerFunction
  | {
      readonly body: HandlerFunction;
      readonly retryPolicy?: RetryPolicy;
      /** Goes on after a wait, for a body that returns `defer(…)`: gets the event and the state. */
      readonly resume?: HandlerFunction;
    };

/** Where the server is, and what a worker, or a triggerer, says of itself. */
export type PresenceOptions = (ServerOptions | LaterServer) & {
  /** For people, in lists. Default: the machine's name and the process id. At most 200 characters. */
  readonly name?: string | undefined;
  /** Lines it takes work from. Default `["default"]`. */
  readonly queues?: readonly string[] | undefined;
};

export type WorkerOptions = PresenceOptions &
  SessionOptions & {
    /** How many tasks it runs at a time. 1 to 10,000; default 16. */
    readonly slots?: number | undefined;
    /**
     * How many threads bodies usually share. More are started while bodies block theirs. Default: as many as the machine
     * has cores, at most `slots`.
     */
    readonly threads?: number | undefined;
    /**
     * External tasks it implements, by handler. They run in this process, one event loop for all: a handler that blocks
     * delays the others, and one that does not stop can only be given up, not killed.
     */
    readonly handlers?: Readonly<Record<string, ExternalHandler>> | undefined;
    /** Whether it runs tasks of bundles. Default true. */
    readonly runsBundles?: boolean | undefined;
    /** Where bundles are kept between starts. May be shared by workers of the same user. */
    readonly bundleCacheDir: string;
    /** How long a body may go on after it was told to stop. Default 10,000. */
    readonly graceMs?: number | undefined;
    /** How long bodies may go on when the worker stops. Default 30,000. */
    readonly drainMs?: number | undefined;
  };

export type CheckedPresence = {
  readonly server: ServerOptions | Promise<ServerOptions>;
  readonly name: string;
  readonly queues: string[];
};

export type CheckedOptions = CheckedPresence & {
  readonly slots: number;
  readonly threads: number;
  readonly runsBundles: boolean;
  readonly graceMs: number;
  readonly drainMs: number;
};

/** Fills in defaults. @throws MillraceError FIELD_INVALID naming the option, its value and what is allowed. */
export function checkOptions(options: WorkerOptions): CheckedOptions {
  const slots = within("slots", options.slots ?? 16, slotsMax);
  for (const [handler, code] of Object.entries(options.handlers ?? {})) {
    const body: unknown = typeof code === "function" ? code : code.body;
    if (typeof body !== "function") {
      throw invalid(`handler "${handler}" is no function; give one, or { body, retryPolicy }`);
    }
  }
  return {
    ...checkPresence(options),
    slots,
    threads: within("threads", options.threads ?? Math.min(availableParallelism(), slots), slots),
    runsBundles: options.runsBundles ?? true,
    graceMs: options.graceMs ?? defaultGraceMs,
    drainMs: options.drainMs ?? defaultDrainMs,
  };
}

/** Fills in defaults. @throws MillraceError FIELD_INVALID */
export function checkPresence(options: PresenceOptions): CheckedPresence {
  const name = options.name ?? `${hostname()}:${process.pid}`;
  if (name === "" || name.length > nameCharsMax) {
    throw invalid(`name has ${name.length} characters; 1 to ${nameCharsMax} are allowed`);
  }
  return {
    server: "access" in options ? options.access.then(checkServer) : checkServer(options),
    name,
    queues: [...(options.queues ?? ["default"])],
  };
}

function checkServer({ server, key, tlsCa, plaintext }: ServerOptions): ServerOptions {
  if (!/^.+:\d{1,5}$/.test(server)) {
    throw invalid(
      `server is "${server}"; write host:port of the server's gRPC port, such as 127.0.0.1:7070`,
    );
  }
  if (key === "") throw invalid("key is empty; give the worker key of the server");
  return { server, key, tlsCa, plaintext };
}

/** @throws MillraceError FIELD_INVALID naming the option, its value and what is allowed. */
export function within(name: string, value: number, max: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw invalid(`${name} is ${value}; a whole number from 1 to ${max} is allowed`);
}

export function invalid(message: string): MillraceError {
  return new MillraceError("FIELD_INVALID", `A worker cannot start: ${message}.`);
}
