"use client";
import type { StateFace } from "../lib/states.ts";
import { Countdown } from "./time.tsx";

type Props = {
  readonly face: StateFace;
  /** When it runs again, and when a sensor looks again; null when it does not wait for that. */
  readonly retryAt?: number | null;
  readonly lookAt?: number | null;
  /** Heavier and larger than a label: as in a header, and as in a table. */
  readonly isLarge?: boolean;
  readonly isDense?: boolean;
};

/** A state's word in its colour; what waits for a known time says how long, and counts down by itself. */
export function StateWord(props: Props) {
  const { face, retryAt = null, lookAt = null, isLarge = false, isDense = false } = props;
  const size = isLarge ? "font-medium" : isDense ? "text-dense font-medium" : "shrink-0 text-label";
  return (
    <span data-state={face.look} className={`truncate text-(--ink) ${size}`}>
      {retryAt !== null ? (
        <>
          Retry <Countdown at={retryAt} />
        </>
      ) : lookAt !== null ? (
        <>
          Looks <Countdown at={lookAt} />
        </>
      ) : (
        face.label
      )}
    </span>
  );
}
