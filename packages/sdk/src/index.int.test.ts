import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import * as sdk from "./index.ts";

/** Imports the package in a process of its own and gives everything that was resolved for it. */
const script = `
  import { registerHooks } from "node:module";
  const seen = new Set();
  registerHooks({ resolve(specifier, context, next) { seen.add(specifier); return next(specifier, context); } });
  await import(${JSON.stringify(new URL("./index.ts", import.meta.url).href)});
  console.log(JSON.stringify([...seen]));
`;

describe("importing the package", () => {
  test("loads nothing that only workers, bundlers and clients need", () => {
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    const packages = (JSON.parse(out) as string[]).filter((name) => /^[@a-z]/.test(name));
    const ours = packages.filter((name) => !name.startsWith("node:") && !name.startsWith("file:"));
    expect(ours.sort()).toEqual(["@millrace/engine", "cron-parser", "luxon"]);
  });

  test("gives few names: at most 75", () => {
    expect(Object.keys(sdk).sort()).toEqual([
      "Branch",
      "Client",
      "Dag",
      "FailTask",
      "MillraceError",
      "RetryTask",
      "Sensor",
      "ShortCircuit",
      "SkipTask",
      "Task",
      "allOf",
      "allowedKeys",
      "anyOf",
      "asset",
      "assetAlias",
      "assetNamed",
      "atLeast",
      "branch",
      "byPartition",
      "chain",
      "chainOf",
      "choice",
      "combine",
      "context",
      "continuous",
      "cron",
      "cronInterval",
      "dag",
      "dated",
      "deadline",
      "decodeValue",
      "defer",
      "delta",
      "deltaInterval",
      "done",
      "durationMs",
      "each",
      "encodeValue",
      "events",
      "externalCallback",
      "externalTask",
      "fanOut",
      "firstOf",
      "fixedKey",
      "gate",
      "group",
      "instances",
      "isMillraceError",
      "label",
      "latest",
      "nextRuns",
      "notifier",
      "once",
      "orTime",
      "productOf",
      "rollup",
      "sameKey",
      "sensor",
      "setup",
      "shortCircuit",
      "task",
      "timetable",
      "toDay",
      "toHour",
      "toMonth",
      "toQuarter",
      "toWeek",
      "toYear",
      "trigger",
      "wiredDag",
      "zip",
    ]);
  });
});
