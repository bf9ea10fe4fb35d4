/** How each benchmark of a whole system begins and ends. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installProject, type Project } from "./installed.ts";
import { publish } from "./page.ts";
import { say, within } from "./progress.ts";

/**
 * Installs a project, measures with it, and publishes the figures under a command's name; or says why there are none, and
 * exits with 1. Does not return: what has not ended by then is cut off by the end of this process.
 *
 * @param seconds how long measuring may take, once the project is installed
 */
export async function benchmark(
  command: string,
  seconds: number,
  measure: (project: Project) => Promise<string>,
): Promise<never> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-benchmark-"));
  try {
    const project = await installProject(folder);
    publish(command, await within(seconds, "the benchmark", measure(project)));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.exit();
}
