/** Finds the DAG files of a folder. */

import { readdir } from "node:fs/promises";
import path from "node:path";
import { MillraceError } from "@millrace/engine";
import { filesMax } from "./limits.ts";

const dagFile = /\.(ts|mts|js|mjs)$/;
const notDagFile = /(\.test\.[cm]?[jt]s|\.d\.[cm]?ts)$/;

/**
 * Names of the DAG files under `dir`, relative to it, with "/" between parts, in order.
 * Leaves out node_modules, tests, declarations, and names that begin with "_" or ".".
 */
export async function scanFolder(dir: string): Promise<string[]> {
  const files: string[] = [];
  await walk(dir, "", files);
  if (files.length > filesMax) {
    throw new MillraceError(
      "DAG_INVALID",
      `The folder ${path.basename(dir)} has ${files.length} DAG files; a folder may have ${filesMax}. ` +
        `Split it, or begin the names of files that hold no DAG with "_".`,
    );
  }
  return files.sort();
}

/** Whether a path relative to the folder is one that compiling looks at. */
export function isWatched(relative: string): boolean {
  return !relative
    .split(/[\\/]/)
    .some(
      (part) => part === "node_modules" || (part.startsWith(".") && part !== "." && part !== ""),
    );
}

async function walk(dir: string, prefix: string, into: string[]): Promise<void> {
  for (const entry of await readdir(path.join(dir, prefix), { withFileTypes: true })) {
    if (entry.name.startsWith(".") || entry.name.startsWith("_") || entry.name === "node_modules") {
      continue;
    }
    const name = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) await walk(dir, name, into);
    else if (entry.isFile() && dagFile.test(entry.name) && !notDagFile.test(entry.name)) {
      into.push(name);
    }
  }
}
