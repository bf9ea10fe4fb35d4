/** What a worker's connection goes by, and what can go wrong with it. */

import type { WorkRequest, WorkResponse } from "@millrace/wire/worker";
import type { VirtualProcess } from "./machine.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";
import type { RpcServer } from "./rpc.ts";

export type ConnectionFaults = {
  /** A call is lost on its way to the server. */
  callLost: number;
  /** A call is carried out, and its answer lost. */
  answerLost: number;
  /** At each message of a stream: the stream breaks. */
  streamBroken: number;
};

export function noConnectionFaults(): ConnectionFaults {
  return { callLost: 0, answerLost: 0, streamBroken: 0 };
}

export type ConnectionOptions = {
  readonly process: VirtualProcess;
  readonly network: Network;
  readonly random: Random;
  readonly faults: ConnectionFaults;
  /** The api nodes that live. */
  servers(): readonly RpcServer[];
  onFault(kind: string): void;
  /** Sees every message that the worker sends over a stream. */
  onRequest(request: WorkRequest): void;
  /** Sees every message that a stream brings to the worker, before the worker does. */
  onResponse(response: WorkResponse): void;
};
