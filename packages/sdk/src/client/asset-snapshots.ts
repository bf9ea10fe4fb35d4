/** What the client gives its users of assets. */

import type { AssetEvent } from "../assets/asset-events.ts";

/** An asset as it was at a moment. */
export type AssetSnapshot = {
  readonly uri: string;
  readonly name: string;
  readonly group: string;
  /** Plain JSON; `{}` for nothing. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** Whether an active DAG names it. */
  readonly isActive: boolean;
  readonly lastEventAt: Date | null;
  /** How many tasks make it. */
  readonly producerCount: number;
  /** How many DAGs wait for it. */
  readonly consumerCount: number;
};

/** An event, with the runs that it made or helped to make. */
export type AssetEventSnapshot = AssetEvent & {
  readonly madeRuns: readonly {
    readonly dagId: string;
    readonly runId: string;
    readonly runName: string;
  }[];
};
