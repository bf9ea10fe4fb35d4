import { BrushCleaning, Hammer, Radar, Split, Unplug } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import { formatCount } from "../lib/format.ts";
import type { TaskMark } from "../lib/map-shape.ts";

const icons: Readonly<Record<TaskMark["kind"], LucideIcon>> = {
  setup: Hammer,
  teardown: BrushCleaning,
  sensor: Radar,
  branch: Split,
  short_circuit: Unplug,
};

/** What is not as usual about a task, as small pictures with their words. */
export function TaskMarks({ marks }: { readonly marks: readonly TaskMark[] }) {
  return marks.map(({ kind, title }) => {
    const Icon = icons[kind];
    return (
      <span key={kind} role="img" aria-label={title} title={title} data-mark={kind}>
        <Icon size={13} aria-hidden className="shrink-0 text-muted" />
      </span>
    );
  });
}

/** How often a mapped task or group is there; the length is null while it is not known. */
export type Times = { readonly length: number | null };

export function TimesBadge({ mapped }: { readonly mapped: Times }) {
  const { length } = mapped;
  return (
    <span
      title={
        length === null
          ? "Mapped over a list whose length is not known yet"
          : `Mapped: ${formatCount(length)} instances`
      }
      className="shrink-0 rounded-cell border border-line-strong/50 px-1 text-label leading-[15px] text-muted tabular-nums"
    >
      <span aria-hidden>×{length === null ? "?" : formatCount(length)}</span>
      <span className="sr-only">
        {length === null ? "mapped, not expanded" : `mapped, ${formatCount(length)} instances`}
      </span>
    </span>
  );
}
