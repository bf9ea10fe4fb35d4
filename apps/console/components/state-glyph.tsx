import {
  ArrowUpFromDot,
  Ban,
  CalendarClock,
  Check,
  ChevronsRight,
  CircleDashed,
  Hand,
  Hourglass,
  LoaderCircle,
  Moon,
  RotateCcw,
  X,
} from "lucide-react";
import type { LucideIcon } from "lucide-react";
import type { Look, StateFace } from "../lib/states.ts";

const glyphs: Readonly<Record<Look, LucideIcon>> = {
  pending: CircleDashed,
  scheduled: CalendarClock,
  skipped: ChevronsRight,
  queued: Hourglass,
  running: LoaderCircle,
  waiting: Moon,
  needs_input: Hand,
  retry_wait: RotateCcw,
  success: Check,
  failed: X,
  upstream_failed: ArrowUpFromDot,
  cancelled: Ban,
};

type GlyphProps = { readonly look: Look; readonly size?: number };

/** The square of a state: its fill, with its glyph. Always beside a word, or labelled by what holds it. */
export function StateGlyph({ look, size = 18 }: GlyphProps) {
  const Icon = glyphs[look];
  return (
    <span
      aria-hidden
      data-state={look}
      className="state-fill inline-grid shrink-0 place-items-center rounded-cell"
      style={{ width: size, height: size }}
    >
      <Icon size={Math.round(size * 0.66)} strokeWidth={2.5} />
    </span>
  );
}

type BadgeProps = { readonly face: StateFace; readonly size?: number; readonly className?: string };

/** A state in full: glyph and word. */
export function StateBadge({ face, size = 18, className = "" }: BadgeProps) {
  return (
    <span
      data-state={face.look}
      className={`inline-flex items-center gap-1.5 font-medium whitespace-nowrap text-(--ink) ${className}`}
    >
      <StateGlyph look={face.look} size={size} />
      {face.label}
    </span>
  );
}
