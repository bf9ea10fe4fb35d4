/**
 * Runs the tests of clients/python: `node scripts/python-tests.mjs [--junit <file>] [-- pytest arguments]`.
 * Without pytest arguments, the types are checked too. Exits non-zero when a test fails or the tests cannot run.
 */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { preparePython, pythonRoot } from "./python-venv.mjs";

const args = process.argv.slice(2);
const end = args.indexOf("--");
const own = end === -1 ? args : args.slice(0, end);
const pytestArgs = end === -1 ? [] : args.slice(end + 1);
const junit = own.indexOf("--junit");
if (junit !== -1) pytestArgs.push(`--junit-xml=${resolve(own[junit + 1] ?? "")}`);

try {
  const python = preparePython();
  runIn(python, ["-m", "pytest", ...pytestArgs], "tests of clients/python failed");
  if (end === -1) runIn(python, ["-m", "mypy"], "the types of clients/python are wrong");
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

function runIn(python, pythonArgs, problem) {
  const done = spawnSync(python, pythonArgs, {
    cwd: pythonRoot,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
  });
  if (done.status !== 0) throw new Error(`${problem}; see above`);
}
