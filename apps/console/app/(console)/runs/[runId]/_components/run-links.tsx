"use client";
import { useQuery } from "@connectrpc/connect-query";
import Link from "next/link";
import { DependencyService, RunState, type DagSpec, type RunLink } from "@millrace/wire/v1";
import { StateGlyph } from "../../../../../components/state-glyph.tsx";
import { plural } from "../../../../../lib/format.ts";
import { runFace } from "../../../../../lib/states.ts";

type Props = {
  readonly runId: string;
  readonly spec: DagSpec | null;
  /** Whether a task triggered it. */
  readonly hasParent: boolean;
};

const shownMax = 20;
const refreshMs = 5_000;

/** Which run triggered this one, and which ones it triggered; nothing where it has to do with none. */
export function RunLinks({ runId, spec, hasParent }: Props) {
  const isAsked =
    hasParent || (spec?.tasks.some((task) => task.triggersDagIds.length > 0) ?? false);
  const { data } = useQuery(
    DependencyService.method.listRunLinks,
    { runId, pageSize: shownMax },
    { enabled: isAsked, refetchInterval: refreshMs },
  );
  if (data === undefined || data.parents.length + data.children.length === 0) return null;
  return (
    <div className="flex flex-wrap gap-x-8 gap-y-1" data-testid="run-links">
      <Links title="Triggered by" links={data.parents} />
      <Links title="Triggered" links={data.children} />
      {data.nextPageToken !== "" && (
        <span className="text-muted">more than {plural(shownMax, "run")} were triggered</span>
      )}
    </div>
  );
}

function Links({ title, links }: { readonly title: string; readonly links: readonly RunLink[] }) {
  if (links.length === 0) return null;
  return (
    <div className="min-w-0">
      <p className="text-label text-muted">{title}</p>
      <ul>
        {links.map((link) => (
          <li
            key={`${link.runId}/${link.taskId}/${link.mapIndex}`}
            className="flex items-center gap-1.5"
          >
            {link.state === RunState.UNSPECIFIED ? (
              <span className="text-muted">{link.dagId} (deleted)</span>
            ) : (
              <>
                <StateGlyph look={runFace({ state: link.state }).look} size={14} />
                <Link href={`/runs/${link.runId}`} className="truncate hover:underline">
                  {link.dagId}{" "}
                  <span className="font-mono text-dense text-muted">{link.runName}</span>
                </Link>
              </>
            )}
            <span className="text-label whitespace-nowrap text-muted">
              task {link.taskId}
              {link.mapIndex >= 0 && `[${link.mapIndex}]`}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
