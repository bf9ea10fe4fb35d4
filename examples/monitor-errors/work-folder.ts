/** Where a run keeps its files: a folder of its own, so that runs never meet. */
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export function workFile(runId: string, name: string): string {
  const folder = join(tmpdir(), "millrace-monitor-errors", runId);
  mkdirSync(folder, { recursive: true });
  return join(folder, name);
}
