/** What the thread that watches and the process that started it say to each other. */

import type { SessionMessage, StopMessage } from "../worker/session-messages.ts";
import type { Outcome } from "../worker/messages.ts";

/** One wait, as what watches it needs it. */
export type Watch = {
  readonly attemptId: string;
  readonly taskId: string;
  /** Without "trigger/". */
  readonly handler: string;
  /** Codec JSON of the list of arguments, of which the config is the only one. */
  readonly args: Uint8Array;
  /** Paths into what it brings, as JSON, whose lengths the result must tell. */
  readonly measuredPaths: readonly Uint8Array[];
  /** Set for a watcher of an asset, which goes on from its cursor, codec JSON; null the first time. */
  readonly assetWatch: { readonly cursor: Uint8Array | null } | null;
};

export type TriggererThreadData = {
  readonly announce: {
    readonly workerName: string;
    readonly sdk: string;
    readonly protocol: number;
    readonly queues: string[];
    readonly handlers: string[];
    readonly runsBundles: false;
    readonly slots: number;
  };
  /** Names of triggers that the starter has functions for. */
  readonly custom: readonly string[];
};

/** For functions, which cannot be sent to a thread. */
export type FromTriggerer =
  | SessionMessage
  | { readonly kind: "watch"; readonly watch: Watch }
  | { readonly kind: "unwatch"; readonly attemptId: string };

export type ToTriggerer =
  StopMessage | { readonly kind: "ended"; readonly attemptId: string; readonly outcome: Outcome };
