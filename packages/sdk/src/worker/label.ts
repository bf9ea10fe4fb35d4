/** Names of mapped instances for people: `map_index_template`, rendered when the body has succeeded. */

import type { Liquid } from "liquidjs";
import { encodeText } from "../codec/codec.ts";
import type { RunValue } from "../context/run-facts.ts";

/** Characters of a rendered label; longer ones are cut and end in "…". */
const labelCharsMax = 250;
/** Of a template, of one rendering in milliseconds, and of what it makes on the way. */
const templateCharsMax = 64 * 1024;
const renderMs = 1000;
const renderMemoryMax = 1_000_000;

export type LabelFacts = {
  readonly run: RunValue;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly tryNumber: number;
  /** By "<task or group id>/<number of the source>". */
  readonly items: ReadonlyMap<string, unknown>;
};

let engine: Promise<Liquid> | undefined;

/**
 * Renders a template in Liquid, with the variables that commands of `shell` have, and `item`, `items`, `map_index`.
 *
 * @throws Error for a variable that does not exist, an unknown filter or a limit.
 */
export async function renderLabel(template: string, facts: LabelFacts): Promise<string> {
  if (template === "") return "";
  engine ??= makeEngine();
  const text = (await engine).parseAndRenderSync(template, variablesOf(facts)) as string;
  if (text.length <= labelCharsMax) return text;
  // The cut may fall into the middle of a character of two units.
  return `${text.slice(0, labelCharsMax - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** Loaded when it is needed: most workers never render a label. */
async function makeEngine(): Promise<Liquid> {
  const liquid = await import("liquidjs");
  return new liquid.Liquid({
    ownPropertyOnly: true,
    strictVariables: true,
    strictFilters: true,
    parseLimit: templateCharsMax,
    renderLimit: renderMs,
    memoryLimit: renderMemoryMax,
    timezoneOffset: 0,
    // No other templates exist: nothing is ever read from a file.
    templates: {},
    outputEscape: textOf,
  });
}

function variablesOf({ run, taskId, mapIndex, tryNumber, items }: LabelFacts): object {
  const own = ownItems(taskId, items);
  return {
    ...(own.length > 0 && { item: own[0] }),
    items: own,
    params: run.params,
    map_index: mapIndex,
    ds: run.ds,
    ds_nodash: run.ds.replaceAll("-", ""),
    ts: run.ts,
    ts_nodash: run.ts.slice(0, 19).replaceAll(/[-:]/g, ""),
    logical_date: run.logicalDate,
    data_interval_start: run.dataInterval.start,
    data_interval_end: run.dataInterval.end,
    partition_key: run.partitionKey,
    run_id: run.name,
    run_type: run.type,
    dag_id: run.dagId,
    task_id: taskId,
    try_number: tryNumber,
  };
}

/** The elements of the task's own mapping, else of the innermost mapped group around it, by source. */
function ownItems(taskId: string, items: ReadonlyMap<string, unknown>): unknown[] {
  const sources = [...items].map(([key, value]) => {
    const slash = key.lastIndexOf("/");
    return { of: key.slice(0, slash), n: Number(key.slice(slash + 1)), value };
  });
  // Ids of groups begin with those around them: the longest is the innermost.
  const groups = sources.map(({ of }) => of).toSorted((one, other) => other.length - one.length);
  const owner = groups.includes(taskId) ? taskId : groups[0];
  return sources
    .filter(({ of }) => of === owner)
    .toSorted((one, other) => one.n - other.n)
    .map(({ value }) => value);
}

/** Text as it is, null as nothing, dates as ISO 8601, anything else as the codec writes it. */
function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return String(value);
  return value instanceof Date ? value.toISOString() : encodeText(value);
}
