/** Templates in commands: Liquid with limits, over facts of the run, with values that a shell could misread refused. */

import type { TaskContext } from "@millrace/sdk";
import { limitedLiquid } from "./liquid.ts";

/** What a shell takes for more than itself, outside or inside of double quotes. */
const meaningful = /[^\p{L}\p{N} _@%+=:,./-]/u;

const engine = limitedLiquid(refuseMeaningful);
engine.registerFilter("sh", { handler: quote, raw: true });

/**
 * Renders a command.
 *
 * @throws Error for an unknown variable or filter, a limit, or a value with meaning to the shell and no `| sh`.
 */
export function renderCommand(template: string, context: TaskContext): string {
  return engine.parseAndRenderSync(template, variablesOf(context)) as string;
}

/** The variables of a template, under the names that Airflow has for them. */
export function variablesOf({ run, task, attempt, params }: TaskContext): Record<string, unknown> {
  return {
    ds: run.ds,
    ds_nodash: run.ds.replaceAll("-", ""),
    ts: run.ts,
    ts_nodash: run.ts.slice(0, 19).replaceAll(/[-:]/g, ""),
    logical_date: isoOrNull(run.logicalDate),
    data_interval_start: isoOrNull(run.dataInterval.start),
    data_interval_end: isoOrNull(run.dataInterval.end),
    partition_key: run.partitionKey,
    run_id: run.name,
    run_type: run.type,
    dag_id: run.dagId,
    task_id: task.id,
    map_index: task.mapIndex ?? -1,
    try_number: attempt.number,
    params,
  };
}

function isoOrNull(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}

/** One word for the shell, whatever is in it; as Python's `shlex.quote`. */
function quote(value: unknown): string {
  const text = textOf(value);
  if (text.includes("\0")) throw new Error("a value holds a zero character, which no command can");
  return text !== "" && !meaningful.test(text) && !text.includes(" ")
    ? text
    : `'${text.replaceAll("'", `'"'"'`)}'`;
}

/** Params come from whoever triggers a run: without this, one could bring a command of its own. */
function refuseMeaningful(value: unknown): string {
  const text = textOf(value);
  const found = meaningful.exec(text);
  if (found === null) return text;
  throw new Error(
    `a value holds ${JSON.stringify(found[0])}, which means something to the shell; ` +
      'write {{ … | sh }} outside of quotes, or pass the value through "env"',
  );
}

export function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
