import type { Backfill } from "@millrace/wire/v1";
import { countsOfBackfill, doneOfBackfill } from "../../lib/backfills.ts";
import { durationMsOf, formatCount, formatDuration, plural } from "../../lib/format.ts";

type Props = { readonly backfill: Backfill; readonly className?: string };

/** How far a backfill is: its dates by state. The words are in its label. */
export function BackfillBar({ backfill, className = "h-1.5" }: Props) {
  const counts = countsOfBackfill(backfill);
  const done = doneOfBackfill(backfill);
  const dates = backfill.progress?.dates ?? 0;
  const words = counts.map(({ face, count }) => `${formatCount(count)} ${face.label}`).join(", ");
  return (
    <span
      role="progressbar"
      aria-valuemin={0}
      aria-valuemax={dates}
      aria-valuenow={done}
      aria-valuetext={`${formatCount(done)} of ${plural(dates, "date")} done: ${words}`}
      aria-label={`Progress of ${backfill.backfillId}`}
      title={words}
      className={`flex w-full gap-px overflow-hidden rounded-cell ${className}`}
    >
      {counts.map(({ look, count }) => (
        <span
          key={look}
          data-state={look}
          className="state-fill min-w-[3px] !rounded-none"
          style={{ flexGrow: count, flexBasis: 0 }}
        />
      ))}
    </span>
  );
}

/** "42 of 100 dates done", and the estimate where there is one. */
export function BackfillWords({ backfill }: { readonly backfill: Backfill }) {
  const dates = backfill.progress?.dates ?? 0;
  const left = durationMsOf(backfill.progress?.estimatedLeft);
  return (
    <>
      {formatCount(doneOfBackfill(backfill))} of {plural(dates, "date")} done
      {left !== null && (
        <span
          className="text-muted"
          title="An estimate: from how long its last runs took, and how many run at a time."
        >
          {" "}
          · about {formatDuration(left)} left, estimated
        </span>
      )}
    </>
  );
}
