import { StateGlyph } from "../../../../../components/state-glyph.tsx";
import type { LookCount } from "../../../../../lib/counts.ts";
import { formatCount } from "../../../../../lib/format.ts";
import type { Look } from "../../../../../lib/states.ts";

type Props = {
  readonly counts: readonly LookCount[];
  readonly chosen: Look | null;
  readonly onChoose: (look: Look | null) => void;
  readonly label?: string;
  readonly className?: string;
};

/** How many tasks are in each state; a click shows only those. */
export function LookFilter({
  counts,
  chosen,
  onChoose,
  label = "Show tasks by state",
  className = "px-4 py-2.5 md:px-6",
}: Props) {
  return (
    <div role="group" aria-label={label} className={`flex flex-wrap gap-1.5 ${className}`}>
      {counts.map(({ look, face, count }) => (
        <button
          key={look}
          type="button"
          aria-pressed={look === chosen}
          onClick={() => onChoose(look === chosen ? null : look)}
          className="ghost-transition inline-flex h-7 items-center gap-1.5 rounded-control border border-line px-2 text-dense hover:bg-hover aria-pressed:border-accent aria-pressed:bg-selected"
        >
          <StateGlyph look={look} size={15} />
          {face.label}
          <span className="text-muted">{formatCount(count)}</span>
        </button>
      ))}
    </div>
  );
}
