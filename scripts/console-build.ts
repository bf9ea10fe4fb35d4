/** Builds the console when its sources are newer than what was built of them. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Folders of the console that are not built: what was built before, and what only tests and developers use. */
const ignored = new Set(["node_modules", ".next", "tests", "dev"]);

/** Throws with the builder's own words when it cannot be built. */
export function buildConsoleIfStale(root: string): void {
  const folder = join(root, "apps", "console");
  const built = join(folder, ".next", "BUILD_ID");
  const changedMs = Math.max(newestMs(folder), newestMs(join(root, "packages", "wire", "src")));
  if (existsSync(built) && statSync(built).mtimeMs >= changedMs) return;
  const done = spawnSync("npm", ["run", "build"], { cwd: folder, encoding: "utf8" });
  if (done.status === 0) return;
  throw new Error(`The console could not be built:\n${done.stdout}${done.stderr}`);
}

function newestMs(folder: string): number {
  const times = readdirSync(folder, { withFileTypes: true })
    .filter((it) => !ignored.has(it.name))
    .map((it) => {
      const path = join(folder, it.name);
      return it.isDirectory() ? newestMs(path) : statSync(path).mtimeMs;
    });
  return Math.max(0, ...times);
}
