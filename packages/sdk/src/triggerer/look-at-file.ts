/** Looks for a file, or a folder with something in it. */

import { opendir, stat } from "node:fs/promises";
import type { FileEvent } from "../waiting/trigger.ts";
import type { FileWatch } from "../waiting/trigger-spec.ts";
import { notYet, type Look } from "./poll.ts";

/** Rejects for anything but a file that is not there yet, such as a missing right. */
export async function lookAtFile({ path }: FileWatch): Promise<Look> {
  try {
    const found = await stat(path);
    if (found.isDirectory() && (await isEmpty(path))) return notYet;
    const event: FileEvent = { path, size: found.size, modifiedAt: found.mtime };
    return { kind: "found", event };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return notYet;
    throw error;
  }
}

async function isEmpty(folder: string): Promise<boolean> {
  for await (const _ of await opendir(folder)) return false;
  return true;
}
