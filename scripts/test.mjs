/**
 * `npm test`: sets up what is missing and runs every test: TypeScript (unit, integration, browser), the database tests
 * once more on the system's PostgreSQL, and Python. Ends with what failed, by name, and one line `N passed, N failed`.
 * Words after `--` go to vitest, for a part of the tests; `--with-checks` runs the static checks first.
 */
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { installNatsServer } from "./nats-server.mjs";
import { preparePython } from "./python-venv.mjs";
import { environment, installDependencies, node, root } from "./setup.mjs";
import { makeScratch } from "./scratch.mjs";
import { failedFiles, outcomeOfPytest, outcomeOfVitest } from "./test-reports.mjs";
import { findChromium, installTestTools } from "./test-tools.mjs";

const args = process.argv.slice(2);
const filters = args.filter((arg) => arg !== "--with-checks");
let passed = 0;
/** Said last, so that whoever has only the end of a log still learns what failed. */
const failures = [];
const unsteady = [];

installDependencies();
installTestTools();
// Here, so that no test's time limit pays for it.
preparePython();
const scratch = makeScratch();
const env = {
  ...environment(),
  NATS_SERVER: await installNatsServer(say),
  MILLRACE_CHROMIUM: findChromium(),
  TMPDIR: scratch,
  // Some thousand processes start, of the same sources: each is compiled once.
  NODE_COMPILE_CACHE: join(scratch, "compiled"),
};

try {
  if (args.includes("--with-checks")) await inTurn([staticChecks]);
  if (filters.length > 0) await vitest("selected", { flags: filters })();
  else
    await inTurn([
      vitest("unit", { flags: ["--project", "unit"] }),
      vitestOfRealParts("int", { flags: ["--project", "int"] }),
      vitestOfRealParts("browser", { flags: ["--project", "browser"] }),
      vitestOfRealParts("system-postgres", {
        flags: ["--project", "int", "--exclude", "**/embedded*"],
        paths: ["packages/db", "services/scheduler"],
        env: { MILLRACE_TEST_POSTGRES: "system" },
      }),
      python,
    ]);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
for (const test of unsteady) process.stdout.write(`\npassed only when it ran again: ${test}\n`);
for (const failure of failures) process.stdout.write(`\nfailed: ${failure}\n`);
process.stdout.write(`\n${passed} passed, ${failures.length} failed\n`);
process.exitCode = failures.length > 0 || passed === 0 ? 1 : 0;

function say(message) {
  process.stderr.write(`${message}\n`);
}

async function inTurn(steps) {
  for (const step of steps) await step();
}

async function staticChecks() {
  if (await run("static checks", "npm", ["run", "check"])) passed += 1;
  else failures.push("static checks");
}

/** A run of vitest. */
function vitest(name, { flags = [], paths = [], env = {} }) {
  return async () => {
    const { isOk, report } = await runVitest(`${name} tests`, [...flags, ...paths], env);
    count(`${name} tests`, isOk, () => outcomeOfVitest(report));
  };
}

/**
 * The same for tests of real parts. With processes, sockets and browsers on a machine that does other things too, one in
 * thousands may fail for no fault of the product: its file runs once more, and the test is named.
 */
function vitestOfRealParts(name, { flags, paths = [], env = {} }) {
  return async () => {
    const first = await runVitest(`${name} tests`, [...flags, ...paths], env);
    const failed = failedFiles(first.report);
    if (failed.length === 0)
      return count(`${name} tests`, first.isOk, () => outcomeOfVitest(first.report));
    const second = await runVitest(`${name} tests that failed`, [...flags, ...failed], env);
    count(`${name} tests`, second.isOk, () => outcomeOfVitest(first.report, second.report));
  };
}

async function runVitest(title, args, env) {
  const file = join(scratch, `${title.replaceAll(" ", "-")}.json`);
  const reporters = ["--reporter=dot", "--reporter=json", `--outputFile.json=${file}`];
  const program = ["node_modules/vitest/vitest.mjs", "run", ...reporters, ...args];
  const isOk = await run(title, node, program, env);
  // Without a report it broke before any test.
  const report = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { testResults: [] };
  return { isOk, report };
}

async function python() {
  const file = join(scratch, "python.xml");
  const isOk = await run("python tests", node, ["scripts/python-tests.mjs", "--junit", file]);
  count("python tests", isOk, () => outcomeOfPytest(readFileSync(file, "utf8")));
}

/** Counts what a step's report says. An error outside of any test (a failing global set-up, say) is one failure. */
function count(step, isOk, read) {
  try {
    const outcome = read();
    passed += outcome.passed;
    failures.push(...outcome.failures);
    unsteady.push(...outcome.unsteady);
    if (!isOk && outcome.failures.length === 0)
      failures.push(`${step}: an error outside of any test`);
  } catch (error) {
    failures.push(`${step}: no report (${error.message})`);
  }
}

/** Says at once that a step begins, and what came of it when it is over: steps that run side by side do not mix. */
async function run(name, command, commandArgs, more = {}) {
  process.stdout.write(`== ${name}: begun\n`);
  const beganAt = performance.now();
  const file = join(scratch, `${name.replaceAll(" ", "-")}.out`);
  const output = openSync(file, "w");
  const child = spawn(command, commandArgs, {
    cwd: root,
    stdio: ["ignore", output, output],
    env: { ...env, ...more },
  });
  const code = await new Promise((resolve) => {
    child.once("error", () => resolve(1));
    child.once("close", resolve);
  });
  closeSync(output);
  const seconds = Math.round((performance.now() - beganAt) / 1000);
  process.stdout.write(`\n== ${name}: ${seconds} s\n${readFileSync(file, "utf8")}`);
  return code === 0;
}
