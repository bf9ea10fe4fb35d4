"use client";
import type { TaskInstance } from "@millrace/wire/v1";
import type { StateFace } from "../lib/states.ts";
import { nextMoment, waitPhrase } from "../lib/waiting.ts";
import { Countdown } from "./time.tsx";

type Props = {
  readonly face: StateFace;
  /** Null where there is none yet. */
  readonly task?: TaskInstance | null;
  /** Heavier and larger than a label: as in a header, and as in a table. */
  readonly isLarge?: boolean;
  readonly isDense?: boolean;
};

/** A state's word in its colour; what waits for a known moment says how long, and counts down by itself. */
export function StateWord({ face, task = null, isLarge = false, isDense = false }: Props) {
  const size = isLarge ? "font-medium" : isDense ? "text-dense font-medium" : "shrink-0 text-label";
  const moment = nextMoment(task);
  const phrase = waitPhrase(task?.waiting);
  return (
    <span
      data-state={face.look}
      title={phrase === "" ? undefined : `It ${phrase}`}
      className={`truncate text-(--ink) ${size}`}
    >
      {moment === null ? (
        face.label
      ) : (
        <>
          {moment.verb} <Countdown at={moment.at} />
        </>
      )}
    </span>
  );
}
