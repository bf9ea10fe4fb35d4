/** A file, or a folder with something in it, as what a task makes. */

import { randomBytes } from "node:crypto";
import { mkdir, opendir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { ReadableTarget, Target } from "@millrace/sdk";

/**
 * A target that exists once the file does, or the folder has something in it, on the machine of the worker. Write it with
 * `writeFileAtomically`: half a file would count as done.
 *
 * @param options `read`: makes the task's value of the file's text.
 * @example
 * const report = task({ target: (day) => fileTarget(`/out/${day}.csv`) }, async function report(day: string) {
 *   await writeFileAtomically(`/out/${day}.csv`, await csvOf(day));
 * });
 */
export function fileTarget<V>(
  file: string,
  options: { readonly read: (text: string) => V },
): ReadableTarget<V>;
export function fileTarget(file: string): Target<never>;
export function fileTarget<V>(
  file: string,
  options: { readonly read?: (text: string) => V } = {},
): Target<V> {
  const { read } = options;
  return {
    name: pathToFileURL(file).href,
    exists: () => isThere(file),
    ...(read !== undefined && { read: async () => read(await readFile(file, "utf8")) }),
  };
}

async function isThere(file: string): Promise<boolean> {
  try {
    const found = await stat(file);
    if (!found.isDirectory()) return true;
    for await (const _ of await opendir(file)) return true;
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw error;
  }
}

/**
 * Writes a file that is there as a whole or not at all: beside its place first, then moved there. Folders on the way are
 * made.
 */
export async function writeFileAtomically(
  file: string,
  content: string | Uint8Array,
): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const beside = `${file}.${randomBytes(6).toString("hex")}.part`;
  try {
    await writeFile(beside, content, { flush: true });
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
