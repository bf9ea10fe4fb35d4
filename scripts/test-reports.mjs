/** What the reports of the test programs say: how many passed, and what failed, by name and with its first words. */
import { relative } from "node:path";
import { root } from "./setup.mjs";

const longestMessage = 600;

/** Of vitest's JSON report. A file that broke before its tests counts as one failure. */
export function outcomeOfVitest(report) {
  const failures = report.testResults.flatMap((file) => {
    const path = relative(root, file.name);
    const failed = file.assertionResults.filter((it) => it.status === "failed");
    if (failed.length > 0)
      return failed.map((it) => `${path}: ${it.fullName}\n${brief(it.failureMessages.join("\n"))}`);
    return file.status === "failed" ? [`${path}\n${brief(file.message)}`] : [];
  });
  return { passed: report.numPassedTests, failures };
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
  return { passed, failures };
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
