/** Waits for files on the machine of the worker. */

import { readdir, stat } from "node:fs/promises";
import { done, sensor } from "@millrace/sdk";
import type { Arg, Done, Handle, SensorOptions } from "@millrace/sdk";

/**
 * Waits until a file is there, or a folder with something in it; its value is the path. Workers on several machines
 * see different files: give it a `queue` that the right ones serve.
 *
 * @example load(fileSensor("/data/in/orders.csv", { mode: "reschedule", interval: "5m", timeout: "2h" }))
 */
export function fileSensor(path: Arg<string>, options: SensorOptions = {}): Handle<string> {
  return sensor({ id: "file_sensor", ...options }, isThere)(path);
}

async function isThere(path: string): Promise<Done<string> | false> {
  try {
    const found = await stat(path);
    const isEmptyFolder = found.isDirectory() && (await readdir(path)).length === 0;
    return !isEmptyFolder && done(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Not there yet; anything else, such as a missing right, is a failure.
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw error;
  }
}
