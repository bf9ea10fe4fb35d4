"use client";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { BackfillDateOutcome, BackfillService, type ReprocessBehavior } from "@millrace/wire/v1";
import { dateText } from "../../lib/backfills.ts";
import { callFailure } from "../../lib/failures.ts";
import { formatCount, msOf, plural } from "../../lib/format.ts";
import { usePages } from "../../lib/use-pages.ts";
import { Pager } from "../pager.tsx";
import { StateGlyph } from "../state-glyph.tsx";
import type { Look } from "../../lib/states.ts";

export type PreviewRequest = {
  readonly dagId: string;
  readonly fromDate: Timestamp;
  readonly toDate: Timestamp;
  readonly reprocess: ReprocessBehavior;
  readonly reverse: boolean;
};

const pageSize = 20;

const words: ReadonlyMap<BackfillDateOutcome, { readonly look: Look; readonly text: string }> =
  new Map([
    [BackfillDateOutcome.MADE, { look: "queued", text: "a run is made" }],
    [BackfillDateOutcome.RERUN, { look: "retry_wait", text: "its run is run again" }],
    [BackfillDateOutcome.IN_FLIGHT, { look: "running", text: "left alone: on its way" }],
    [BackfillDateOutcome.EXISTS, { look: "skipped", text: "left alone: has a run" }],
  ]);

type Props = {
  readonly request: PreviewRequest;
  /** Whose clock the dates are told by. */
  readonly zone: string;
};

/** What would become of the dates, page by page: the server says, and makes nothing. */
export function BackfillPreview({ request, zone }: Props) {
  const { fromDate, toDate, reprocess, reverse } = request;
  const list = `${fromDate.seconds} ${toDate.seconds} ${reprocess} ${reverse}`;
  const pages = usePages(list);
  const query = useQuery(
    BackfillService.method.createBackfill,
    { ...request, dryRun: true, pageSize, pageToken: pages.token },
    { placeholderData: keepPreviousData, retry: false },
  );
  const first = useQuery(
    BackfillService.method.createBackfill,
    { ...request, dryRun: true, pageSize, pageToken: "" },
    { placeholderData: keepPreviousData, retry: false },
  );
  if (query.isError)
    return (
      <p role="alert" className="text-danger">
        {callFailure(query.error).message}
      </p>
    );
  const { preview } = first.data ?? {};
  return (
    <section aria-label="Preview" className="space-y-2 border-t border-line pt-4">
      <p aria-live="polite" className="font-medium" data-testid="backfill-preview">
        {preview === undefined
          ? "Counting the dates…"
          : `${plural(preview.dates, "date")}: ${formatCount(preview.made)} to be made, ${formatCount(preview.rerun)} to be run again, ${formatCount(preview.existing + preview.inFlight)} left alone.`}
      </p>
      <ul className="divide-y divide-line rounded-panel border border-line text-dense">
        {(query.data?.dates ?? []).map((date) => {
          const { look, text } = words.get(date.outcome) ?? { look: "pending", text: "" };
          return (
            <li key={date.ordinal} className="flex items-center gap-3 px-3 py-1">
              <StateGlyph look={look} size={15} />
              <span className="font-mono">{dateText(msOf(date.logicalDate) ?? 0, zone)}</span>
              <span className="text-muted">{text}</span>
            </li>
          );
        })}
      </ul>
      {(pages.number > 1 || (query.data?.nextPageToken ?? "") !== "") && (
        <Pager
          label="Pages of the preview"
          pages={pages}
          next={query.data?.nextPageToken ?? ""}
          isOld={query.isPlaceholderData}
        />
      )}
    </section>
  );
}
