/** Questions that workers answer with a function of a bundle, as others see them. */

import type { Failure, Verdict } from "@millrace/engine";
import type { AttemptRef } from "@millrace/wire";
import type { Result } from "@millrace/wire/worker";
import type { OwnedDag, Version } from "../runs/run.ts";
import type { SideWork } from "../dispatch/side-work.ts";

export type Question = {
  readonly dag: Pick<OwnedDag, "dagId" | "shard">;
  /** Whose bundle has the function. */
  readonly version: Version;
  /** The function, such as "etl.ts#etl##schedule()". */
  readonly handler: string;
  /** What it is about, for the logs of workers, such as "schedule". */
  readonly name: string;
  /** The function's arguments: a JSON array of values in codec form. A function is called when a worker gets the question. */
  readonly args: string | (() => string);
  /** How long the function may take; waiting for a worker does not count. */
  readonly timeoutMs: number;
  /** The line in which it waits for a worker that runs bundles. */
  readonly queue: string;
  /** Nobody wants to know any more: a worker that has it is told to stop. */
  readonly signal?: AbortSignal;
};

/** `dropped`: it was withdrawn, or this node does not own the DAG any more; whoever does asks again. */
export type Answer =
  /** Codec JSON; null for nothing. */
  | { readonly kind: "value"; readonly value: Uint8Array | null }
  /** The function threw, took too long, cannot be found, or has ended its worker too often. */
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "dropped" };

/** In memory only: an answer that is lost with this owner is asked for again by the next. Nothing changes by itself. */
export type Calls = SideWork & {
  /** Resolves once there is an answer, however long no worker has a slot. Never rejects. */
  ask(question: Question): Promise<Answer>;
  /** Takes what a worker says. */
  report(sessionKey: number, ref: AttemptRef, result: Result): Verdict;
  /** What a session says that it has: answers what must stop. */
  verdictOn(sessionKey: number, ref: AttemptRef): Verdict | null;
  dropDag(dagId: string): void;
};
