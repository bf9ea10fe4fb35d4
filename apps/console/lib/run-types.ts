/** Why a run exists, in a word. */
import { RunType } from "@millrace/wire/v1";

const words: Readonly<Record<number, string>> = {
  [RunType.SCHEDULED]: "Schedule",
  [RunType.MANUAL]: "Hand",
  [RunType.BACKFILL]: "Backfill",
  [RunType.ASSET_TRIGGERED]: "Assets",
  [RunType.ASSET_MATERIALIZATION]: "Asset asked for",
};

/** Of a type that this version does not know: "Other". */
export function runTypeWord(type: RunType): string {
  return words[type] ?? "Other";
}
