/** What nodes of the simulation are to each other. */

import type { ApiContext } from "../../../services/api/src/context.ts";
import type { RpcServer } from "../rpc.ts";

export type ApiNode = RpcServer & { readonly context: ApiContext };

/** Where tokens go: somebody outside who works for a while and then says what came of it. */
export type OutsideNode = {
  /** A body hands its token out. */
  take(attemptId: string, token: string): void;
  /** Tokens that nobody has done with yet. */
  open(): number;
};
