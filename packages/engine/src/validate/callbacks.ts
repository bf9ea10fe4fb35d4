/** Rules for callbacks of tasks and DAGs. */

import { ArgsError, parseExpression } from "../spec/args.ts";
import { dagLimits } from "../spec/dag-limits.ts";
import type { Problems } from "../spec/problems.ts";
import type { CallbackSpec } from "../spec/spec.ts";

const words: readonly CallbackSpec["on"][] = [
  "success",
  "failure",
  "retry",
  "skipped",
  "deadline_missed",
  "deadline_at_risk",
];

/** @param at what they belong to, as a prefix of the field: `tasks["load"].`, or empty for the DAG */
export function checkCallbacks(
  callbacks: readonly CallbackSpec[],
  at: string,
  problems: Problems,
): void {
  if (callbacks.length > dagLimits.callbacks)
    problems.add(
      `${at}callbacks`,
      `${callbacks.length} callbacks`,
      `the limit is ${dagLimits.callbacks}; let one do the work of several`,
    );
  for (const [ordinal, callback] of callbacks.entries())
    checkCallback(callback, `${at}callbacks[${ordinal}]`, at === "", problems);
}

function checkCallback(
  { on, handler, config, name }: CallbackSpec,
  at: string,
  isOfDag: boolean,
  problems: Problems,
): void {
  if (!words.includes(on)) problems.add(`${at}.on`, on, `write one of ${words.join(", ")}`);
  else if (isOfDag && (on === "retry" || on === "skipped"))
    problems.add(
      `${at}.on`,
      on,
      "a run only succeeds, fails, or has deadlines; give the callback to the tasks that it is about",
    );
  if (handler === "" || handler.length > dagLimits.lineLength)
    problems.add(
      `${at}.handler`,
      handler,
      "name the function of the bundle, or the handler that a worker announces",
    );
  if (name === "" || name.length > dagLimits.callbackNameLength)
    problems.add(`${at}.name`, name, `a name has 1 to ${dagLimits.callbackNameLength} characters`);
  checkConfig(config, `${at}.config`, problems);
}

function checkConfig(config: string, field: string, problems: Problems): void {
  if (config === "") return;
  const bytes = new TextEncoder().encode(config).length;
  if (bytes > dagLimits.callbackConfigBytes)
    problems.add(
      field,
      `${bytes} bytes`,
      `the limit is ${dagLimits.callbackConfigBytes / 1024} KiB; let the callback fetch what is large`,
    );
  else if (!isJson(config))
    problems.add(field, config, "it is not JSON; write one value, or leave it empty");
}

function isJson(text: string): boolean {
  try {
    parseExpression(text);
    return true;
  } catch (error) {
    if (error instanceof ArgsError) return false;
    throw error;
  }
}
