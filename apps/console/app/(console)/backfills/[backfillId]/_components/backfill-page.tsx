"use client";
import { useQuery } from "@connectrpc/connect-query";
import Link from "next/link";
import type { ReactNode } from "react";
import { BackfillService, ReprocessBehavior, type Backfill, type Reason } from "@millrace/wire/v1";
import { BackfillBar, BackfillWords } from "../../../../../components/backfill/backfill-bar.tsx";
import { Empty, ErrorFace, SkeletonRows } from "../../../../../components/faces.tsx";
import { pollMs } from "../../../../../components/providers.tsx";
import { StateBadge } from "../../../../../components/state-glyph.tsx";
import { Time } from "../../../../../components/time.tsx";
import { TopBar } from "../../../../../components/top-bar.tsx";
import {
  backfillFace,
  countsOfBackfill,
  isOverBackfill,
  rangeText,
  zoneOf,
} from "../../../../../lib/backfills.ts";
import { callFailure } from "../../../../../lib/failures.ts";
import { formatCount, msOf, plural } from "../../../../../lib/format.ts";
import { BackfillActions } from "./backfill-actions.tsx";
import { DateGrid } from "./date-grid.tsx";

/** One that goes on is asked for this often. */
const openPollMs = 2_000;

/** How far a backfill is, what holds it up, and its dates. */
export function BackfillPage({ backfillId }: { readonly backfillId: string }) {
  const query = useQuery(
    BackfillService.method.getBackfill,
    { backfillId },
    {
      refetchInterval: ({ state }) =>
        state.data?.backfill !== undefined && isOverBackfill(state.data.backfill)
          ? pollMs
          : openPollMs,
    },
  );
  const backfill = query.data?.backfill;
  const isMissing = query.isError && callFailure(query.error).isNotFound;
  return (
    <>
      <TopBar crumbs={[{ label: "Backfills", href: "/backfills" }, { label: backfillId }]} />
      {backfill !== undefined ? (
        <div className="min-h-0 flex-1 overflow-y-auto">
          <Header backfill={backfill} reasons={query.data?.reasons ?? []} />
          <DateGrid backfill={backfill} />
        </div>
      ) : isMissing ? (
        <Empty title="No backfill has this id">
          <p className="font-mono text-dense break-all">{backfillId}</p>
        </Empty>
      ) : query.isError ? (
        <ErrorFace
          error={query.error}
          what="The backfill could not be read"
          onRetry={() => void query.refetch()}
        />
      ) : (
        <SkeletonRows rows={8} />
      )}
    </>
  );
}

const reprocessWords: ReadonlyMap<ReprocessBehavior, string> = new Map([
  [ReprocessBehavior.NONE, "Left alone"],
  [ReprocessBehavior.FAILED, "Run again if failed"],
  [ReprocessBehavior.COMPLETED, "Run again"],
]);

type HeaderProps = {
  readonly backfill: Backfill;
  readonly reasons: readonly Reason[];
};

function Header({ backfill, reasons }: HeaderProps) {
  return (
    <header className="space-y-3 border-b border-line px-4 py-4 md:px-6">
      <div className="flex flex-wrap items-start gap-3">
        <div className="min-w-0 flex-1 basis-72 space-y-1">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <StateBadge face={backfillFace(backfill)} size={22} className="text-section" />
            <h1 className="text-title font-semibold tracking-tight break-all">
              Backfill of{" "}
              <Link href={`/dags/${backfill.dagId}`} className="hover:text-accent hover:underline">
                {backfill.dagId}
              </Link>
            </h1>
          </div>
          <p data-testid="backfill-words">
            <BackfillWords backfill={backfill} />
          </p>
          {reasons.length > 0 && (
            <ul aria-label="What holds it up" className="text-muted">
              {reasons.map(({ message }) => (
                <li key={message}>{message}</li>
              ))}
            </ul>
          )}
        </div>
        <BackfillActions backfill={backfill} />
      </div>
      <BackfillBar backfill={backfill} className="h-3" />
      <ul aria-label="Dates by state" className="flex flex-wrap gap-x-4 gap-y-1 text-dense">
        {countsOfBackfill(backfill).map(({ look, face, count }) => (
          <li key={look} data-state={look} className="text-(--ink)">
            {formatCount(count)} {face.label}
          </li>
        ))}
      </ul>
      <dl className="grid grid-cols-2 gap-x-8 gap-y-2 sm:flex sm:flex-wrap">
        <Fact name="Dates">
          {rangeText(backfill)} in {zoneOf(backfill)}
        </Fact>
        <Fact name="Order">{backfill.reverse ? "Newest first" : "Oldest first"}</Fact>
        <Fact name="Dates with a run">{reprocessWords.get(backfill.reprocess) ?? "–"}</Fact>
        <Fact name="At a time">{plural(backfill.maxActiveRuns, "run")}</Fact>
        <Fact name="Made">
          <Time at={msOf(backfill.createdAt)} /> by {backfill.createdBy}
        </Fact>
        <Fact name="Over">
          <Time at={msOf(backfill.endedAt)} />
        </Fact>
      </dl>
      {backfill.note !== "" && <p className="text-muted">Note: {backfill.note}</p>}
    </header>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-label text-muted">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
