/**
 * `npm test`: sets up what is missing and runs every test: TypeScript (unit, integration, browser), the database tests
 * once more on the system's PostgreSQL, and Python. Ends with one line `N passed, N failed`.
 * Words after `--` go to vitest, for a part of the tests; `--with-checks` runs the static checks first.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { installNatsServer } from "./nats-server.mjs";
import { preparePython } from "./python-venv.mjs";
import { environment, installDependencies, node, root } from "./setup.mjs";
import { makeScratch } from "./scratch.mjs";
import { findChromium, installTestTools } from "./test-tools.mjs";

const args = process.argv.slice(2);
const filters = args.filter((arg) => arg !== "--with-checks");
const databaseTests = ["--project", "int", "packages/db", "services/scheduler"];
const totals = { passed: 0, failed: 0 };

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
  if (filters.length > 0) await vitest("selected", filters)();
  else
    await inTurn([
      vitest("unit", ["--project", "unit"]),
      vitest("int", ["--project", "int"]),
      vitest("browser", ["--project", "browser"]),
      vitest("system-postgres", [...databaseTests, "--exclude", "**/embedded*"], {
        MILLRACE_TEST_POSTGRES: "system",
      }),
      python,
    ]);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed\n`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;

function say(message) {
  process.stderr.write(`${message}\n`);
}

async function inTurn(steps) {
  for (const step of steps) await step();
}

function count({ passed, failed }) {
  totals.passed += passed;
  totals.failed += failed;
}

async function staticChecks() {
  const isOk = await run("static checks", "npm", ["run", "check"]);
  count(isOk ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
}

/** A run of vitest. */
function vitest(name, vitestArgs, more = {}) {
  return async () => {
    const file = join(scratch, `${name}.json`);
    const reporters = ["--reporter=dot", "--reporter=json", `--outputFile.json=${file}`];
    const program = ["node_modules/vitest/vitest.mjs", "run", ...reporters, ...vitestArgs];
    const isOk = await run(`${name} tests`, node, program, more);
    try {
      const report = JSON.parse(readFileSync(file, "utf8"));
      const brokenFiles = report.testResults.filter(
        (it) => it.status === "failed" && it.assertionResults.length === 0,
      ).length;
      const failed = report.numFailedTests + brokenFiles;
      // Errors outside of any test (an unhandled rejection, a failing global set-up) count as one failure.
      count({ passed: report.numPassedTests, failed: failed === 0 && !isOk ? 1 : failed });
    } catch (error) {
      process.stdout.write(`vitest left no report: ${error.message}\n`);
      count({ passed: 0, failed: 1 });
    }
  };
}

async function python() {
  const file = join(scratch, "python.xml");
  const isOk = await run("python tests", node, ["scripts/python-tests.mjs", "--junit", file]);
  try {
    const suite = /<testsuite [^>]*>/.exec(readFileSync(file, "utf8"))?.[0] ?? "";
    const number = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
    const failed = number("failures") + number("errors");
    count({
      passed: number("tests") - failed - number("skipped"),
      failed: failed || isOk ? failed : 1,
    });
  } catch (error) {
    process.stdout.write(`pytest left no report: ${error.message}\n`);
    count({ passed: 0, failed: 1 });
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
