/**
 * Sets up a fresh clone: installs the dependencies when the lock file has changed since the last time.
 * Plain JavaScript for Node 20, because it runs before anything is installed.
 */
import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const binDir = join(root, "node_modules", ".bin");

/** Node 24 from the dev dependency, whatever the system has. */
export const node = join(binDir, "node");

/** The environment in which `node` and every tool of the repository is found first. */
export function environment() {
  return { ...process.env, PATH: `${binDir}:${process.env.PATH}` };
}

/** Installs dependencies if they are missing or older than the lock file. */
export function installDependencies() {
  const lock = readFileSync(join(root, "package-lock.json"));
  const digest = createHash("sha256").update(lock).digest("hex");
  const stamp = join(root, "node_modules", ".millrace-installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest && existsSync(node)) return;
  process.stderr.write("Installing dependencies (once)…\n");
  const done = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
  });
  if (done.status !== 0) {
    process.stderr.write(`${done.stdout}${done.stderr}\n"npm ci" failed; see above.\n`);
    process.exit(1);
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
}
