/** States, times and durations as the terminal shows them. */
import type { DescEnum } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { RunStateSchema, TaskStateSchema, type RunState, type TaskState } from "@millrace/wire/v1";
import pc from "picocolors";

type Look = { readonly glyph: string; readonly color: (text: string) => string };

const looks: Record<string, Look> = {
  none: { glyph: "·", color: pc.dim },
  scheduled: { glyph: "◦", color: pc.dim },
  queued: { glyph: "◷", color: pc.gray },
  running: { glyph: "▶", color: pc.blue },
  success: { glyph: "✔", color: pc.green },
  failed: { glyph: "✘", color: pc.red },
  skipped: { glyph: "»", color: pc.dim },
  upstream_failed: { glyph: "⇡", color: pc.magenta },
  up_for_retry: { glyph: "↻", color: pc.yellow },
};

/** The value's name in lower case; "unknown" for one that a newer server has added. */
export function enumWord(schema: DescEnum, value: number): string {
  return schema.value[value]?.localName.toLowerCase() ?? "unknown";
}

export function taskStateWord(state: TaskState): string {
  return enumWord(TaskStateSchema, state);
}

export function runStateWord(state: RunState): string {
  return enumWord(RunStateSchema, state);
}

/** A glyph and the state's name, coloured: never colour alone. */
export function showState(word: string): string {
  const look = looks[word] ?? { glyph: "?", color: (text: string) => text };
  return look.color(`${look.glyph} ${word}`);
}

export function showTime(time: Timestamp | undefined): string {
  if (!time) return "-";
  return timestampDate(time)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z");
}

/** Seconds with one decimal below a minute, then minutes and hours. */
export function showDuration(from: Timestamp | undefined, to: Timestamp | undefined): string {
  if (!from) return "-";
  const ms = (to ? timestampDate(to).getTime() : Date.now()) - timestampDate(from).getTime();
  return showMilliseconds(Math.max(0, ms));
}

export function showMilliseconds(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
