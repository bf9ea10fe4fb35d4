/** The browser tests' global set-up: builds the console, once for all files, when what is built is older than its sources. */
import { spawn } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const consoleDir = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** What a build reads, relative to the console. */
const sources = [
  "app",
  "components",
  "lib",
  "proxy.ts",
  "next.config.mjs",
  "postcss.config.mjs",
  "package.json",
  "../../packages/wire/src",
];

export async function setup(): Promise<void> {
  const built = await modifiedAt(join(consoleDir, ".next", "BUILD_ID"));
  const newest = await Promise.all(sources.map((source) => newestIn(join(consoleDir, source))));
  if (built >= Math.max(...newest)) return;
  const output: string[] = [];
  const build = spawn("npm", ["run", "build"], { cwd: consoleDir });
  build.stdout.on("data", (chunk: Buffer) => output.push(String(chunk)));
  build.stderr.on("data", (chunk: Buffer) => output.push(String(chunk)));
  const code = await new Promise((done) => build.once("close", done));
  if (code !== 0) throw new Error(`The console does not build:\n${output.join("")}`);
}

/** 0 when there is nothing. */
async function modifiedAt(path: string): Promise<number> {
  const found = await stat(path).catch(() => null);
  return found?.mtimeMs ?? 0;
}

async function newestIn(path: string): Promise<number> {
  const found = await stat(path);
  if (!found.isDirectory()) return found.mtimeMs;
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.includes(".test."));
  const times = await Promise.all(
    files.map((file) => modifiedAt(join(file.parentPath, file.name))),
  );
  return Math.max(0, ...times);
}
