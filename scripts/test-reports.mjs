/** What the reports of the test programs say: how many passed, what failed, and what passed only when it ran again. */
import { relative } from "node:path";
import { root } from "./setup.mjs";

const longestMessage = 600;

/** Of vitest's JSON report. A file that broke before its tests counts as one failure. */
export function outcomeOfVitest(report) {
  const failures = [];
  const unsteady = [];
  for (const file of report.testResults) {
    const path = relative(root, file.name);
    const named = (it) => `${path}: ${it.fullName}\n${brief(it.failureMessages.join("\n"))}`;
    const results = file.assertionResults;
    const failed = results.filter((it) => it.status === "failed").map(named);
    if (failed.length === 0 && file.status === "failed")
      failed.push(`${path}\n${brief(file.message)}`);
    failures.push(...failed);
    // Of a test that passed, those of the tries before.
    const again = results.filter((it) => it.status === "passed" && it.failureMessages.length > 0);
    unsteady.push(...again.map(named));
  }
  return { passed: report.numPassedTests, failures, unsteady };
}

/** Of pytest's JUnit report. */
export function outcomeOfPytest(xml) {
  const failures = [];
  let passed = 0;
  for (const [, attributes, body = ""] of xml.matchAll(
    /<testcase ([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs,
  )) {
    const failure = /<(?:failure|error) message="([^"]*)"/.exec(body);
    if (failure) failures.push(`${nameOf(attributes)}\n${brief(failure[1])}`);
    else if (!body.includes("<skipped")) passed += 1;
  }
  return { passed, failures, unsteady: [] };
}

function nameOf(attributes) {
  const attribute = (name) => new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "?";
  return `${attribute("classname")}.${attribute("name")}`;
}

/** Without the stack's lines inside of libraries. */
function brief(message) {
  const lines = message
    .split("\n")
    .filter((line) => !/^\s+at .*(node_modules|node:)|^\s+at new Promise/.test(line));
  const text = lines.join("\n");
  return text.length > longestMessage ? `${text.slice(0, longestMessage)}…` : text;
}
