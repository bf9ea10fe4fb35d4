"use client";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import Link from "next/link";
import { BackfillService, type Backfill, type BackfillDate } from "@millrace/wire/v1";
import { Empty, Unanswered } from "../../../../../components/faces.tsx";
import { Pager } from "../../../../../components/pager.tsx";
import { pollMs } from "../../../../../components/providers.tsx";
import { StateGlyph } from "../../../../../components/state-glyph.tsx";
import { dateFace, dateText, outcomeWords, zoneOf } from "../../../../../lib/backfills.ts";
import { formatCount, msOf } from "../../../../../lib/format.ts";
import { usePages } from "../../../../../lib/use-pages.ts";

/** Cells of a page; 10,000 dates are 28 pages. */
const pageSize = 366;

/** The dates of a backfill in its order, each a square in the colour of its run. */
export function DateGrid({ backfill }: { readonly backfill: Backfill }) {
  const { backfillId } = backfill;
  const pages = usePages(backfillId);
  const query = useQuery(
    BackfillService.method.listBackfillRuns,
    { backfillId, pageSize, pageToken: pages.token },
    { refetchInterval: pollMs, placeholderData: keepPreviousData },
  );
  const dates = query.data?.dates ?? [];
  const next = query.data?.nextPageToken ?? "";
  const zone = zoneOf(backfill);
  const [first, last] = [dates[0], dates.at(-1)];
  return (
    <section aria-label="Dates" className="px-4 py-4 md:px-6">
      {query.data === undefined ? (
        <Unanswered query={query} what="The dates could not be read" rows={6} />
      ) : first === undefined || last === undefined ? (
        <Empty title="No dates here" />
      ) : (
        <>
          <ul className="flex flex-wrap gap-1" data-testid="date-grid">
            {dates.map((date) => (
              <DateCell key={date.ordinal} date={date} zone={zone} />
            ))}
          </ul>
          <Pager
            label="Pages of dates"
            pages={pages}
            next={next}
            isOld={query.isPlaceholderData}
            className="pt-3"
          >
            {dateText(msOf(first.logicalDate) ?? 0, zone)} to{" "}
            {dateText(msOf(last.logicalDate) ?? 0, zone)}, {formatCount(first.ordinal)} to{" "}
            {formatCount(last.ordinal)} of {formatCount(backfill.progress?.dates ?? 0)}
          </Pager>
        </>
      )}
    </section>
  );
}

function DateCell({ date, zone }: { readonly date: BackfillDate; readonly zone: string }) {
  const face = dateFace(date);
  const at = dateText(msOf(date.logicalDate) ?? 0, zone);
  const how = outcomeWords.get(date.outcome) ?? "";
  const label = `${at}: ${face.label}${how === "" || how === face.label ? "" : ` (${how})`}`;
  const glyph = <StateGlyph look={face.look} size={24} />;
  if (date.runId === "")
    return (
      <li title={label} className="grid size-6">
        {glyph}
        <span className="sr-only">{label}</span>
      </li>
    );
  return (
    <li className="size-6">
      <Link
        href={`/runs/${date.runId}`}
        prefetch={false}
        title={label}
        aria-label={label}
        className="grid size-6 rounded-cell hover:opacity-80"
      >
        {glyph}
      </Link>
    </li>
  );
}
