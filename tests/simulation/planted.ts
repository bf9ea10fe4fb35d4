/** What a planted bug is: what it puts between the parts, and what has to find it. */

import type { Bus } from "@millrace/bus";
import type { FlushAnswer, FlushBatch, Lane } from "@millrace/db";
import type { ServerOptions } from "./database/server.ts";
import type { Tables } from "./database/tables.ts";
import type { Plan } from "./plan.ts";

type Flush = (lane: Lane, batch: FlushBatch) => Promise<FlushAnswer>;

/** What a bug puts between the parts. */
export type Planted = {
  /** In words, with its place in the design's list. */
  readonly says: string;
  /** A seed among the first so many finds it, and says that one of these promises was broken. */
  readonly foundWithin: number;
  readonly promises: readonly string[];
  /** Gives the faults that it takes more room. */
  readonly plan?: (plan: Plan) => Plan;
  /** Guards that the database does without. */
  readonly guards?: ServerOptions["guards"];
  /** How schedulers write. */
  readonly flush?: () => Flush;
  /** What schedulers hear and say. */
  readonly schedulerBus?: (bus: Bus, tables: Tables) => Bus;
  /** What api nodes hear and say. */
  readonly apiBus?: (bus: Bus) => Bus;
  /** Whether workers heed what exists of targets before a body, and after it. Default true. */
  readonly targets?: { readonly before?: false; readonly after?: false };
  /** What a statement of the pool answers. */
  readonly rows?: (
    statement: string,
    rows: object[],
    values: readonly unknown[],
    now: number,
  ) => object[];
};
