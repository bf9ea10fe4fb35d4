/** States, times and durations as the terminal shows them. */
import type { DescEnum } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  RunStateSchema,
  RunTypeSchema,
  TaskStateSchema,
  type MappedSummary,
  type RunState,
  type RunType,
  type TaskState,
} from "@millrace/wire/v1";
import { colors } from "./colors.ts";

type Look = { readonly glyph: string; readonly color: (text: string) => string };

const looks: Record<string, Look> = {
  none: { glyph: "·", color: colors.dim },
  scheduled: { glyph: "◦", color: colors.dim },
  queued: { glyph: "◷", color: colors.gray },
  running: { glyph: "▶", color: colors.blue },
  success: { glyph: "✔", color: colors.green },
  failed: { glyph: "✘", color: colors.red },
  skipped: { glyph: "»", color: colors.dim },
  upstream_failed: { glyph: "⇡", color: colors.magenta },
  up_for_retry: { glyph: "↻", color: colors.yellow },
  up_for_reschedule: { glyph: "⟳", color: colors.yellow },
  deferred: { glyph: "◇", color: colors.magenta },
  restarting: { glyph: "⟲", color: colors.yellow },
  awaiting_input: { glyph: "‖", color: colors.yellow },
  removed: { glyph: "−", color: colors.dim },
};

const unknownLook: Look = { glyph: "?", color: (text) => text };

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

export function runTypeWord(type: RunType): string {
  return enumWord(RunTypeSchema, type);
}

/** A glyph and the state's name, coloured: never colour alone. */
export function showState(word: string): string {
  const { glyph, color } = looks[word] ?? unknownLook;
  return color(`${glyph} ${word}`);
}

/** The glyph alone, for rows of states beside one that is named. */
export function showGlyph(word: string): string {
  const { glyph, color } = looks[word] ?? unknownLook;
  return color(glyph);
}

/** What a mapped instance is called beside its task: `load[3]`, and what people call it. */
export function instanceName(instance: {
  taskId: string;
  mapIndex: number;
  mapIndexLabel?: string;
}): string {
  const { taskId, mapIndex, mapIndexLabel: label } = instance;
  if (mapIndex < 0) return taskId;
  return `${taskId}[${mapIndex}]${label ? ` ${label}` : ""}`;
}

/** The instances of a mapped task in numbers: how many, and in which state. */
export function showCounts({ length, counts }: Pick<MappedSummary, "length" | "counts">): string {
  const inStates = counts.map(({ state, count }) => {
    const word = taskStateWord(state);
    return `${showGlyph(word)} ${count} ${word}`;
  });
  const all = length === undefined ? "mapped, length not known" : `${length} instances`;
  return inStates.length > 0 ? `${all}: ${inStates.join(", ")}` : all;
}

/** The first names, and how many more there are. */
export function showSome(names: readonly string[], shown = 3): string {
  if (names.length === 0) return "-";
  const rest = names.length - shown;
  return names.slice(0, shown).join(", ") + (rest > 0 ? `, +${rest} more` : "");
}

/** In UTC, to the second. */
export function showTime(time: Timestamp | undefined): string {
  if (!time) return "-";
  return timestampDate(time)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z");
}

/** From one to the other, or until now. */
export function showDuration(from: Timestamp | undefined, to: Timestamp | undefined): string {
  if (!from) return "-";
  const ms = (to ? timestampDate(to).getTime() : Date.now()) - timestampDate(from).getTime();
  return showMilliseconds(Math.max(0, ms));
}

/** Milliseconds below a second, seconds with one decimal below a minute, then minutes, then hours. */
export function showMilliseconds(ms: number): string {
  if (Math.round(ms) < 1_000) return `${Math.round(ms)} ms`;
  if (Math.round(ms / 100) < 600) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
