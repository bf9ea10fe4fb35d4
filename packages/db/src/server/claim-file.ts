/** A file that several processes may want to make at the same moment. */

import { randomBytes } from "node:crypto";
import { linkSync, rmSync, writeFileSync } from "node:fs";

/**
 * Makes a file unless there is one, and says whether it did. It is there with all of its content or not at all: nobody can
 * read half of it, whenever its writer is killed.
 *
 * @param mode Its permissions; 0666 without the umask's unless said.
 */
export function claimFile(file: string, content: string, mode?: number): boolean {
  const beside = `${file}.${randomBytes(6).toString("hex")}.part`;
  try {
    writeFileSync(beside, content, { mode, flag: "wx", flush: true });
    linkSync(beside, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(beside, { force: true });
  }
}
