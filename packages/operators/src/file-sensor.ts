/** Waits for files on the machine of the worker. */

import { readdir, stat } from "node:fs/promises";
import { defer, done, sensor, trigger } from "@millrace/sdk";
import type { Arg, Deferred, Done, FileEvent, Handle, SensorOptions } from "@millrace/sdk";

export type FileSensorOptions = Omit<SensorOptions, "mode"> & {
  /**
   * Whether it keeps its slot between looks ("poke"), gives it back ("reschedule"), or leaves the looking to a triggerer
   * ("defer"), which costs nothing while nothing is there. Default "poke".
   */
  readonly mode?: "poke" | "reschedule" | "defer";
};

/**
 * Waits until a file is there, or a folder with something in it; its value is the path. Workers on several machines
 * see different files: give it a `queue` that the right ones serve.
 *
 * @example load(fileSensor("/data/in/orders.csv", { mode: "defer", interval: "1m", timeout: "2h" }))
 */
export function fileSensor(path: Arg<string>, options: FileSensorOptions = {}): Handle<string> {
  const { mode = "poke", ...others } = options;
  if (mode !== "defer") return sensor({ id: "file_sensor", ...others, mode }, isThere)(path);
  const { interval } = others;
  const look = async (wanted: string): Promise<Done<string> | Deferred<FileEvent>> => {
    const found = await isThere(wanted);
    if (found !== false) return found;
    return defer(trigger.file({ path: wanted, ...(interval !== undefined && { interval }) }));
  };
  const resume = (event: FileEvent) => done(event.path);
  return sensor({ id: "file_sensor", ...others, resume }, look)(path);
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
