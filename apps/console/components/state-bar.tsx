import { plural } from "../lib/format.ts";
import type { LookCount } from "../lib/counts.ts";
import type { Look } from "../lib/states.ts";

/** As progress reads: what is over at the left, what is still to come at the right. */
const barOrder: readonly Look[] = [
  "failed",
  "upstream_failed",
  "cancelled",
  "success",
  "skipped",
  "needs_input",
  "retry_wait",
  "running",
  "waiting",
  "queued",
  "scheduled",
  "pending",
];

function inBarOrder(counts: readonly LookCount[]): readonly LookCount[] {
  return counts.toSorted((a, b) => barOrder.indexOf(a.look) - barOrder.indexOf(b.look));
}

type Props = { readonly counts: readonly LookCount[]; readonly className?: string };

/** How much of a whole is in which state. The words are in its label. */
export function StateBar({ counts, className = "" }: Props) {
  const words = counts.map(({ face, count }) => `${count} ${face.label.toLowerCase()}`).join(", ");
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  return (
    <span
      role="img"
      aria-label={`${plural(total, "task")}: ${words}`}
      title={words}
      className={`flex h-1.5 w-full gap-px overflow-hidden rounded-cell ${className}`}
    >
      {inBarOrder(counts).map(({ look, count }) => (
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
