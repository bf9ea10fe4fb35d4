/**
 * `npm test`: sets up what is missing and runs every test: TypeScript (unit, integration, browser), the database tests
 * once more on the system's PostgreSQL, and Python. Ends with what failed, by name, and one line `N passed, N failed`.
 * Words after `--` go to vitest, for a part of the tests; `--with-checks` runs the static checks first.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { installNatsServer } from "./nats-server.mjs";
import { preparePython } from "./python-venv.mjs";
import { environment, installDependencies, node, root } from "./setup.mjs";
import { makeScratch } from "./scratch.mjs";
import { outcomeOfPytest, outcomeOfVitest } from "./test-reports.mjs";
import { findChromium, installTestTools } from "./test-tools.mjs";

const args = process.argv.slice(2);
const filters = args.filter((arg) => arg !== "--with-checks");
const databaseTests = ["--project", "int", "packages/db", "services/scheduler"];
let passed = 0;
/** Said last, so that whoever has only the end of a log still learns what failed. */
const failures = [];
const unsteady = [];
/**
 * With processes, sockets and browsers on a machine that does other things too, one test in thousands may fail for no fault
 * of the product: it runs once more, and is named. A part of the tests is run as it is.
 */
const again = ["--retry=1"];

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
      vitest("int", ["--project", "int", ...again]),
      vitest("browser", ["--project", "browser", ...again]),
      vitest("system-postgres", [...databaseTests, "--exclude", "**/embedded*", ...again], {
        MILLRACE_TEST_POSTGRES: "system",
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
function vitest(name, vitestArgs, more = {}) {
  return async () => {
    const file = join(scratch, `${name}.json`);
    const reporters = ["--reporter=dot", "--reporter=json", `--outputFile.json=${file}`];
    const program = ["node_modules/vitest/vitest.mjs", "run", ...reporters, ...vitestArgs];
    const isOk = await run(`${name} tests`, node, program, more);
    count(`${name} tests`, isOk, () => outcomeOfVitest(JSON.parse(readFileSync(file, "utf8"))));
  };
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
