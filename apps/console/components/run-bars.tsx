"use client";
import Link from "next/link";
import type { RunSummary } from "@millrace/wire/v1";
import { formatDuration, formatInstant, msOf } from "../lib/format.ts";
import { isFinalRun, runFace } from "../lib/states.ts";
import { useNow } from "../lib/use-now.ts";

type Props = {
  /** Newest first, as the api gives them; drawn oldest first. */
  readonly runs: readonly RunSummary[];
};

const barsMax = 25;
const heightMax = 28;
const heightMin = 5;

/** The last runs as bars: height is duration, colour and fill are the state. Each opens its run. */
export function RunBars({ runs }: Props) {
  const now = useNow();
  if (runs.length === 0) return <span className="text-dense text-muted">Never ran</span>;
  const bars = runs
    .slice(0, barsMax)
    .toReversed()
    .map((run) => barOf(run, now));
  const longest = Math.max(1, ...bars.map((bar) => bar.span ?? 0));
  return (
    <ol aria-label="Last runs" className="flex h-8 items-end">
      {bars.map((bar) => (
        <li key={bar.runId}>
          <Link
            href={`/runs/${bar.runId}`}
            prefetch={false}
            data-run-bar
            aria-label={bar.title}
            title={bar.title}
            className="group flex h-8 w-2.5 items-end"
          >
            <span
              data-state={bar.look}
              className="state-fill block w-[7px] rounded-t-cell group-hover:brightness-125"
              style={{ height: heightOf(bar.span, longest) }}
            />
          </Link>
        </li>
      ))}
    </ol>
  );
}

function barOf(run: RunSummary, now: number) {
  const started = msOf(run.startedAt);
  const ended = msOf(run.endedAt) ?? (isFinalRun(run.state) ? started : now || null);
  const span = started === null || ended === null ? null : Math.max(0, ended - started);
  const face = runFace(run);
  const words = [
    face.label,
    ...(span === null ? [] : [formatDuration(span)]),
    ...(started === null || now === 0 ? [] : [`started ${formatInstant(started)}`]),
  ];
  return { runId: run.runId, look: face.look, span, title: words.join(", ") };
}

/** By the square root, so that one very long run does not flatten all others. */
function heightOf(span: number | null, longest: number): number {
  if (span === null) return heightMin;
  return Math.max(heightMin, Math.round(heightMax * Math.sqrt(span / longest)));
}
