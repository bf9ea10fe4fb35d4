/** Settings that may be secret: the DAG names an environment variable, and the worker has it. */

import { MillraceError } from "@millrace/sdk";
import { environmentVariable } from "../environment.ts";

/** A text, or the name of the environment variable of the worker that holds it. */
export type Setting = string | { readonly env: string };

/**
 * @param what names the setting, such as "webhook: url".
 * @throws MillraceError FIELD_INVALID when the worker has no such variable.
 */
export function settingOf(setting: Setting, what: string): string {
  if (typeof setting === "string") return setting;
  const value = environmentVariable(setting.env);
  if (value !== undefined && value !== "") return value;
  throw new MillraceError(
    "FIELD_INVALID",
    `${what} is in the environment variable ${setting.env}, which this worker does not have; set it where workers run`,
  );
}
