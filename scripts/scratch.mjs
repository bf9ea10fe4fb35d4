/** Where the tests' temporary files go. Plain JavaScript for Node 20, like all of the set-up. */
import { chmodSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const memory = "/dev/shm";
/** What all tests leave there at a time, databases above all, with room to spare. */
const needed = 6 * 1024 ** 3;

/**
 * A fresh folder, in memory where there is room: a database is made there in a tenth of the time. It is gone with this
 * process, unless that is killed.
 */
export function makeScratch() {
  const folder = mkdtempSync(join(isRoomy(memory) ? memory : tmpdir(), "millrace-test-"));
  // PostgreSQL runs under an account of its own when the tests run as root.
  chmodSync(folder, 0o1777);
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const [signal, number] of [
    ["SIGINT", 2],
    ["SIGTERM", 15],
    ["SIGHUP", 1],
  ])
    process.once(signal, () => process.exit(128 + number));
  return folder;
}

function isRoomy(folder) {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= needed;
  } catch {
    return false;
  }
}
