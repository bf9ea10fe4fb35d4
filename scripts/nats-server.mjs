/**
 * Finds a nats-server for tests, or installs one. Order: NATS_SERVER (a path), one on PATH of 2.10 or newer, one
 * installed before, `go install`, Debian's package. Plain Node 20 JavaScript: it runs before any dependency is there.
 *
 *   node scripts/nats-server.mjs            prints the path, installing if need be
 *   node scripts/nats-server.mjs --find     prints the path, or fails
 */

import { execFile } from "node:child_process";
import { access, constants, mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const oldest = [2, 10];
const cacheDir = join(homedir(), ".cache", "millrace", "nats-server");
const cached = join(cacheDir, "nats-server");
const goModule = "github.com/nats-io/nats-server/v2@latest";
const installLimitMs = 300_000;
const versionLimitMs = 10_000;

const manual = `Set NATS_SERVER to the path of a nats-server of ${oldest.join(".")} or newer, or run: GOBIN=${cacheDir} go install ${goModule}`;

async function isProgram(path) {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The version as numbers, or null when it is no nats-server. */
async function versionOf(path) {
  try {
    const { stdout } = await run(path, ["--version"], { timeout: versionLimitMs });
    const found = /v(\d+)\.(\d+)/.exec(stdout);
    return found ? [Number(found[1]), Number(found[2])] : null;
  } catch {
    return null;
  }
}

async function onPath() {
  for (const dir of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(dir, "nats-server");
    if (dir !== "" && (await isProgram(path))) return path;
  }
  return null;
}

async function isNewEnough(path) {
  const version = await versionOf(path);
  if (version === null) return false;
  return version[0] > oldest[0] || (version[0] === oldest[0] && version[1] >= oldest[1]);
}

async function findAny() {
  const named = process.env.NATS_SERVER;
  if (named) {
    if (await isProgram(named)) return named;
    throw new Error(`NATS_SERVER is "${named}", which is not a program.`);
  }
  const installed = await onPath();
  if (installed !== null && (await isNewEnough(installed))) return installed;
  if ((await isProgram(cached)) && (await isNewEnough(cached))) return cached;
  // Core NATS works on older ones too, such as Debian's 2.9.
  return installed !== null && (await versionOf(installed)) !== null ? installed : null;
}

/** The path of a nats-server on this machine. Throws, with what to run, when there is none. */
export async function findNatsServer() {
  const found = await findAny();
  if (found === null) throw new Error(`No nats-server on this machine. ${manual}`);
  return found;
}

async function installWithGo() {
  await mkdir(cacheDir, { recursive: true });
  await run("go", ["install", goModule], {
    timeout: installLimitMs,
    env: { ...process.env, GOBIN: cacheDir },
  });
}

async function installWithApt() {
  if (process.getuid?.() !== 0) throw new Error("apt-get needs root");
  const options = {
    timeout: installLimitMs,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  };
  await run("apt-get", ["update", "-qq"], options);
  await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "nats-server"], options);
}

/**
 * The path of a nats-server, installed if there was none. Throws, with what to run, when it cannot be installed.
 * `say` gets a line for each step that takes long.
 */
export async function installNatsServer(say = () => undefined) {
  const found = await findAny();
  if (found !== null) return found;
  const failures = [];
  for (const [name, install] of [
    ["go install", installWithGo],
    ["apt-get install", installWithApt],
  ]) {
    say(`Installing nats-server with ${name} (about a minute, once).`);
    try {
      await install();
      const installed = await findAny();
      if (installed !== null) return installed;
      failures.push(`${name} left no nats-server behind`);
    } catch (error) {
      failures.push(`${name}: ${String(error?.message ?? error).split("\n")[0]}`);
    }
  }
  throw new Error(`nats-server could not be installed (${failures.join("; ")}). ${manual}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const isFindOnly = process.argv.includes("--find");
  const say = (line) => process.stderr.write(`${line}\n`);
  (isFindOnly ? findNatsServer() : installNatsServer(say)).then(
    (path) => process.stdout.write(`${path}\n`),
    (error) => {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    },
  );
}
