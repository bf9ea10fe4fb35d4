/** What the reports of the test programs say: how many passed, what failed, and what passed only when it ran again. */
import { relative } from "node:path";
import { root } from "./setup.mjs";

const longestMessage = 600;

/**
 * Of vitest's JSON report. A file that broke before its tests counts as one failure.
 *
 * @param rerun The report of a second run, of the files that failed: its results count instead of theirs.
 */
export function outcomeOfVitest(report, rerun = { testResults: [] }) {
  const second = new Map(rerun.testResults.map((file) => [file.name, file]));
  let passed = 0;
  const failures = [];
  const unsteady = [];
  for (const first of report.testResults) {
    const file = second.get(first.name) ?? first;
    passed += file.assertionResults.filter((it) => it.status === "passed").length;
    const failed = failuresOf(file);
    failures.push(...failed.values());
    if (file === first) continue;
    for (const [name, failure] of failuresOf(first)) if (!failed.has(name)) unsteady.push(failure);
  }
  return { passed, failures, unsteady };
}

/** The files of a report in which something failed. */
export function failedFiles(report) {
  return report.testResults.filter((file) => file.status === "failed").map((file) => file.name);
}

/** What failed in a file, by name. */
function failuresOf(file) {
  const path = relative(root, file.name);
  const failed = new Map();
  for (const { status, fullName, failureMessages } of file.assertionResults)
    if (status === "failed")
      failed.set(fullName, `${path}: ${fullName}\n${brief(failureMessages.join("\n"))}`);
  if (failed.size === 0 && file.status === "failed")
    failed.set(path, `${path}\n${brief(file.message)}`);
  return failed;
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
