"use client";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import Link from "next/link";
import { BackfillService, type Backfill } from "@millrace/wire/v1";
import { BackfillBar, BackfillWords } from "../../../../components/backfill/backfill-bar.tsx";
import { Empty, Unanswered } from "../../../../components/faces.tsx";
import { Pager } from "../../../../components/pager.tsx";
import { pollMs } from "../../../../components/providers.tsx";
import { StateBadge } from "../../../../components/state-glyph.tsx";
import { Time } from "../../../../components/time.tsx";
import { TopBar } from "../../../../components/top-bar.tsx";
import { backfillFace, rangeText } from "../../../../lib/backfills.ts";
import { formatCount, msOf } from "../../../../lib/format.ts";
import { usePages } from "../../../../lib/use-pages.ts";
import { useUrlState } from "../../../../lib/use-url-state.ts";

/** Backfills of all DAGs, or of one, newest first. */
export function BackfillsPage() {
  const [params, setParams] = useUrlState();
  const dagId = params.get("dag") ?? "";
  const isOpenOnly = params.get("open") === "1";
  const pages = usePages(`${dagId} ${isOpenOnly}`);
  const query = useQuery(
    BackfillService.method.listBackfills,
    { dagId, openOnly: isOpenOnly, pageToken: pages.token },
    { refetchInterval: pollMs, placeholderData: keepPreviousData },
  );
  const backfills = query.data?.backfills ?? [];
  const next = query.data?.nextPageToken ?? "";
  return (
    <>
      <TopBar crumbs={[{ label: "Backfills" }]} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto max-w-[1600px] space-y-4 px-4 py-5 md:px-6">
          <div className="flex flex-wrap items-baseline gap-x-3">
            <h1 className="text-title font-semibold tracking-tight">Backfills</h1>
            <p className="text-muted">
              Runs for dates that have passed
              {dagId === "" ? "." : `, of ${dagId}.`}
              {dagId !== "" && (
                <>
                  {" "}
                  <Link href="/backfills" className="underline hover:text-text">
                    All DAGs
                  </Link>
                </>
              )}
            </p>
          </div>
          <label className="flex w-fit items-center gap-2">
            <input
              type="checkbox"
              checked={isOpenOnly}
              onChange={({ target }) => setParams({ open: target.checked ? "1" : null })}
            />
            Only those that are not over
          </label>
          <section
            aria-label="List of backfills"
            className="overflow-x-auto rounded-panel border border-line"
          >
            {query.data === undefined ? (
              <Unanswered query={query} what="The backfills could not be read" rows={6} />
            ) : backfills.length === 0 ? (
              <None dagId={dagId} isOpenOnly={isOpenOnly} />
            ) : (
              <Table backfills={backfills} />
            )}
          </section>
          {(next !== "" || pages.number > 1) && (
            <Pager label="Pages" pages={pages} next={next} isOld={query.isPlaceholderData} />
          )}
        </div>
      </div>
    </>
  );
}

type NoneProps = { readonly dagId: string; readonly isOpenOnly: boolean };

function None({ dagId, isOpenOnly }: NoneProps) {
  const of = dagId === "" ? "" : ` of ${dagId}`;
  if (isOpenOnly)
    return (
      <Empty title={`No backfill${of} is under way`}>
        <p>Those that are over are not shown.</p>
      </Empty>
    );
  return (
    <Empty title={dagId === "" ? "No backfills yet" : `No backfills${of}`}>
      <p>
        {dagId === "" ? "A DAG with a schedule has" : "If it has a schedule, there is"} a button for
        it on {dagId === "" ? "its page" : <DagLink dagId={dagId} />}.
      </p>
    </Empty>
  );
}

function DagLink({ dagId }: { readonly dagId: string }) {
  return (
    <Link href={`/dags/${encodeURIComponent(dagId)}`} className="underline hover:text-text">
      its page
    </Link>
  );
}

const head = "px-3 py-2 text-left text-label font-medium text-muted";

function Table({ backfills }: { readonly backfills: readonly Backfill[] }) {
  return (
    <table className="w-full border-collapse">
      <thead>
        <tr className="border-b border-line bg-surface">
          <th className={`${head} hidden w-44 sm:table-cell`}>State</th>
          <th className={head}>Backfill</th>
          <th className={`${head} hidden w-[36%] sm:table-cell`}>Progress</th>
          <th className={`${head} hidden w-24 md:table-cell`}>Failed</th>
          <th className={`${head} hidden w-32 sm:table-cell`}>Made</th>
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {backfills.map((backfill) => (
          <tr key={backfill.backfillId} className="hover:bg-hover">
            <td className="hidden px-3 py-2 sm:table-cell">
              <StateBadge face={backfillFace(backfill)} />
            </td>
            <td className="px-3 py-2">
              <div className="sm:hidden">
                <StateBadge face={backfillFace(backfill)} />
              </div>
              <Link
                href={`/backfills/${backfill.backfillId}`}
                className="font-medium break-all hover:text-accent hover:underline"
              >
                {backfill.dagId}
              </Link>
              <p className="text-label text-muted">
                {rangeText(backfill)}
                {backfill.timezone !== "" &&
                  backfill.timezone !== "UTC" &&
                  ` in ${backfill.timezone}`}
                {backfill.reverse && ", newest first"}
                {backfill.note !== "" && ` · ${backfill.note}`}
              </p>
              <div className="mt-2 sm:hidden">
                <Progress backfill={backfill} />
              </div>
            </td>
            <td className="hidden px-3 py-2 sm:table-cell">
              <Progress backfill={backfill} />
            </td>
            <td className="hidden px-3 py-2 md:table-cell">
              {formatCount(backfill.progress?.failed ?? 0)}
            </td>
            <td className="hidden px-3 py-2 text-muted sm:table-cell">
              <Time at={msOf(backfill.createdAt)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Progress({ backfill }: { readonly backfill: Backfill }) {
  return (
    <>
      <BackfillBar backfill={backfill} />
      <p className="mt-1 text-label">
        <BackfillWords backfill={backfill} />
      </p>
    </>
  );
}
