/** A backfill as a client holds it: something to follow, to wait for, and to steer. */

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { MillraceError, Reprocess } from "@millrace/engine";
import { encodeValue } from "../codec/codec.ts";
import { instantForms, instantMs, type Instant } from "../options/instant.ts";
import type { BackfillDateSnapshot, BackfillSnapshot } from "./backfill-snapshots.ts";
import type { CallOptions, Link } from "./link.ts";
import { waitMs, type WaitOptions } from "./wait-options.ts";

export type BackfillOptions = {
  /** First and last logical date, both included. */
  readonly from: Instant;
  readonly to: Instant;
  /** Newest first. Default false. */
  readonly reverse?: boolean;
  /** Which dates that have a run already are run again. Default "none". */
  readonly reprocess?: "none" | "failed" | "completed";
  /** Runs at a time, 1 to 1000. Default 10. */
  readonly maxActiveRuns?: number;
  /** Of each run. Runs that are run again keep their own unless params are given. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** For people, at most 1000 characters. */
  readonly note?: string;
};

/** What the server is asked for. @throws MillraceError FIELD_INVALID */
export function backfillRequest(
  dag: { readonly id: string } | string,
  options: BackfillOptions,
  timestampOf: (at: number | null) => Timestamp | undefined,
) {
  const dagId = typeof dag === "string" ? dag : dag.id;
  const { reverse = false, reprocess = "none", maxActiveRuns = 0, note = "", params } = options;
  const fromDate = timestampOf(dateMs("from", options.from));
  const toDate = timestampOf(dateMs("to", options.to));
  return {
    ...{ dagId, reverse, maxActiveRuns, note },
    // Codes are those of the wire.
    reprocess: Reprocess[reprocess],
    ...(fromDate && { fromDate }),
    ...(toDate && { toDate }),
    ...(params && { params: { data: encodeValue(params, `the params of DAG "${dagId}"`) } }),
  };
}

function dateMs(field: string, date: Instant): number {
  const at = instantMs(date);
  if (at !== null) return at;
  throw new MillraceError(
    "FIELD_INVALID",
    `${field} is ${String(date)}; it must be ${instantForms}`,
  );
}

/** How often a client that waits asks. */
const askEveryMs = 500;

export class ClientBackfill {
  readonly id: string;
  readonly dagId: string;
  /** As it was when the client learned of it; `refresh` gives a newer one. */
  readonly snapshot: BackfillSnapshot;
  readonly #link: Link;

  /** Clients make these. */
  constructor(link: Link, snapshot: BackfillSnapshot) {
    this.#link = link;
    this.id = snapshot.id;
    this.dagId = snapshot.dagId;
    this.snapshot = snapshot;
  }

  /** The backfill as it is now. */
  async refresh({ signal }: CallOptions = {}): Promise<ClientBackfill> {
    const { answered, connection, readBackfill } = await this.#link();
    const { backfill } = await answered(
      (call) => connection.backfills.getBackfill({ backfillId: this.id }, call),
      signal,
    );
    return new ClientBackfill(this.#link, readBackfill(backfill));
  }

  /**
   * Waits until it is over, completed or cancelled, and gives it back. That runs of it failed is no error: see its progress.
   *
   * @throws MillraceError WAIT_TIMED_OUT when it is still going on.
   */
  async finished(options: WaitOptions = {}): Promise<BackfillSnapshot> {
    const { signal } = options;
    const deadline = performance.now() + (waitMs(options) ?? Infinity);
    for (;;) {
      const { snapshot } = await this.refresh(signal === undefined ? {} : { signal });
      if (snapshot.state === "completed" || snapshot.state === "cancelled") return snapshot;
      if (performance.now() + askEveryMs > deadline)
        throw new MillraceError("WAIT_TIMED_OUT", `the backfill ${this.id} is still going on`);
      await delay(askEveryMs, undefined, { signal });
    }
  }

  /** Its dates in its order, with their runs, fetched page by page as they are asked for. */
  async *dates({ signal }: CallOptions = {}): AsyncIterable<BackfillDateSnapshot> {
    const { answered, connection, paged, readBackfillDate } = await this.#link();
    yield* paged(async (pageToken) => {
      const request = { backfillId: this.id, pageToken };
      const page = await answered(
        (call) => connection.backfills.listBackfillRuns(request, call),
        signal,
      );
      return { items: page.dates.map(readBackfillDate), next: page.nextPageToken };
    });
  }

  /** Makes and starts no further run of it; running ones go on. */
  async pause({ signal }: CallOptions = {}): Promise<void> {
    const { answered, connection } = await this.#link();
    const request = { requestId: randomUUID(), backfillId: this.id };
    await answered((call) => connection.backfills.pauseBackfill(request, call), signal);
  }

  /** Goes on after a pause. */
  async resume({ signal }: CallOptions = {}): Promise<void> {
    const { answered, connection } = await this.#link();
    const request = { requestId: randomUUID(), backfillId: this.id };
    await answered((call) => connection.backfills.resumeBackfill(request, call), signal);
  }

  /** Ends it early: runs that wait fail, running ones go on. */
  async cancel({ signal }: CallOptions = {}): Promise<void> {
    const { answered, connection } = await this.#link();
    const request = { requestId: randomUUID(), backfillId: this.id };
    await answered((call) => connection.backfills.cancelBackfill(request, call), signal);
  }
}
