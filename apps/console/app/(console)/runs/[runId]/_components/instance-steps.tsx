"use client";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { formatCount } from "../../../../../lib/format.ts";

type Props = {
  readonly taskId: string;
  readonly mapIndex: number;
  readonly length: number | null;
  readonly onStep: (map: string | null) => void;
};

/** From one instance back to all, and to its neighbours. */
export function InstanceSteps({ taskId, mapIndex, length, onStep }: Props) {
  const step = "grid size-6 place-items-center rounded-control hover:bg-hover disabled:opacity-40";
  return (
    <nav aria-label="Instances" className="flex items-center gap-1 text-dense text-muted">
      <button
        type="button"
        onClick={() => onStep(null)}
        className="truncate rounded-control hover:text-text hover:underline"
      >
        All {length === null ? "" : formatCount(length)} of {taskId}
      </button>
      <button
        type="button"
        aria-label="Previous instance"
        disabled={mapIndex === 0}
        onClick={() => onStep(String(mapIndex - 1))}
        className={step}
      >
        <ChevronLeft size={14} aria-hidden />
      </button>
      <span className="tabular-nums">{formatCount(mapIndex)}</span>
      <button
        type="button"
        aria-label="Next instance"
        disabled={length !== null && mapIndex >= length - 1}
        onClick={() => onStep(String(mapIndex + 1))}
        className={step}
      >
        <ChevronRight size={14} aria-hidden />
      </button>
    </nav>
  );
}
