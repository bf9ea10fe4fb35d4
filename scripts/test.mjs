/**
 * `npm test`: sets up what is missing and runs every test: TypeScript (unit, integration, browser), the database tests
 * once more on the system's PostgreSQL, and Python. Ends with one line `N passed, N failed`.
 * Words after `--` go to vitest, for a part of the tests; `--with-checks` runs the static checks first.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installNatsServer } from "./nats-server.mjs";
import { preparePython } from "./python-venv.mjs";
import { environment, installDependencies, node, root } from "./setup.mjs";
import { findChromium, installTestTools } from "./test-tools.mjs";

const args = process.argv.slice(2);
const filters = args.filter((arg) => arg !== "--with-checks");
const results = mkdtempSync(join(tmpdir(), "millrace-test-"));
const databaseTests = ["--project", "int", "packages/db", "services/scheduler"];
const totals = { passed: 0, failed: 0 };

installDependencies();
installTestTools();
// Here, so that no test's time limit pays for it.
preparePython();
const env = {
  ...environment(),
  NATS_SERVER: await installNatsServer(say),
  MILLRACE_CHROMIUM: findChromium(),
  // Some thousand processes start, of the same sources: each is compiled once.
  NODE_COMPILE_CACHE: join(results, "compiled"),
};

if (args.includes("--with-checks")) {
  step("static checks");
  count(run("npm", ["run", "check"]) ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
}
if (filters.length > 0) {
  vitest("selected", filters);
} else {
  vitest("unit", ["--project", "unit"]);
  vitest("int", ["--project", "int"]);
  vitest("browser", ["--project", "browser"]);
  vitest("system-postgres", [...databaseTests, "--exclude", "**/embedded*"], {
    MILLRACE_TEST_POSTGRES: "system",
  });
  python();
}
rmSync(results, { recursive: true, force: true });
process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed\n`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;

function say(message) {
  process.stderr.write(`${message}\n`);
}

function step(name) {
  process.stdout.write(`\n== ${name}\n`);
}

function run(command, commandArgs, more = {}) {
  const done = spawnSync(command, commandArgs, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...env, ...more },
  });
  return done.status === 0;
}

function count({ passed, failed }) {
  totals.passed += passed;
  totals.failed += failed;
}

function vitest(name, vitestArgs, more = {}) {
  step(`${name} tests`);
  const file = join(results, `${name}.json`);
  const reporters = ["--reporter=dot", "--reporter=json", `--outputFile.json=${file}`];
  const isOk = run(
    node,
    ["node_modules/vitest/vitest.mjs", "run", ...reporters, ...vitestArgs],
    more,
  );
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
}

function python() {
  step("python tests");
  const file = join(results, "python.xml");
  const isOk = run(node, ["scripts/python-tests.mjs", "--junit", file]);
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
