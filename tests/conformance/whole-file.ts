/** Files that others look for. */

import { renameSync, writeFileSync } from "node:fs";

/** Writes a file that is there with all its text or not at all, whenever somebody looks. */
export function writeWhole(file: string, text: string): void {
  const unfinished = `${file}.unfinished`;
  writeFileSync(unfinished, text);
  renameSync(unfinished, file);
}
