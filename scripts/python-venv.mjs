/**
 * The virtual environment of clients/python: made when it is missing or older than what it was made from.
 * Plain JavaScript for Node 20, like all of the set-up.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { root } from "./setup.mjs";

export const pythonRoot = join(root, "clients", "python");
const venv = join(pythonRoot, ".venv");
const stamp = join(venv, ".millrace-installed");
const lock = join(pythonRoot, ".venv.lock");

/** Newest first; the client runs on 3.10 and later. */
const candidates = [
  "python3",
  "python3.14",
  "python3.13",
  "python3.12",
  "python3.11",
  "python3.10",
];

/** Setting up takes seconds: a lock of that age was left by a process that died. */
const lockAgeMaxMs = 5 * 60_000;
const lockPollMs = 200;

/** The Python of the environment, set up if need be. Throws with the command to run where that is not possible. */
export function preparePython() {
  const python = findPython();
  const digest = createHash("sha256")
    .update(python.version)
    .update(readFileSync(join(pythonRoot, "pyproject.toml")))
    .digest("hex");
  withLock(() => {
    if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
    process.stderr.write("Setting up clients/python/.venv (once)…\n");
    rmSync(venv, { recursive: true, force: true });
    run(python.command, ["-m", "venv", venv]);
    run(venvPython(), [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "-e",
      ".[test,types]",
    ]);
    writeFileSync(stamp, digest);
  });
  return venvPython();
}

function venvPython() {
  return join(venv, "bin", "python");
}

function findPython() {
  const probe = "import sys, venv, ensurepip; print('%d.%d.%d' % sys.version_info[:3])";
  for (const command of candidates) {
    const done = spawnSync(command, ["-c", probe], { encoding: "utf8" });
    const version = done.status === 0 ? done.stdout.trim() : "";
    const [major, minor] = version.split(".").map(Number);
    if (major === 3 && minor >= 10) return { command, version };
  }
  throw new Error(
    "No Python 3.10 or newer with venv was found. Install one, on Debian with: apt-get install -y python3 python3-venv",
  );
}

function run(command, args) {
  const done = spawnSync(command, args, { cwd: pythonRoot, encoding: "utf8" });
  if (done.status === 0) return;
  throw new Error(
    `In clients/python, this failed: ${command} ${args.join(" ")}\n${done.stdout ?? ""}${done.stderr ?? done.error}`,
  );
}

/** One process sets up at a time; the others wait and find it done. */
function withLock(action) {
  while (!takeLock()) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lockPollMs);
  }
  try {
    action();
  } finally {
    rmdirSync(lock);
  }
}

function takeLock() {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (age > lockAgeMaxMs) rmSync(lock, { recursive: true, force: true });
  return false;
}
