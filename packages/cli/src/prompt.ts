/** Asks for the fields of a form, one after the other, where somebody is there to ask. */
import { createInterface } from "node:readline/promises";
import { colors } from "./colors.ts";
import { terminal, type Asking } from "./confirm.ts";
import { CommandFailure, ExitCode } from "./exit-codes.ts";
import { showType, typedValue, type Field } from "./form.ts";

/**
 * A value for each field that gets one: Enter takes the usual value, and leaves out what may be left out.
 *
 * @throws CommandFailure usage: without a terminal; interrupted: when the input ends.
 */
export async function askForValues(
  fields: readonly Field[],
  { input, output }: Asking = terminal,
): Promise<Record<string, unknown>> {
  if (!input.isTTY || !output.isTTY) {
    const message =
      "There is no terminal to ask on; give the answer with --set field=value, or --values '{…}'.";
    throw new CommandFailure(ExitCode.usage, message);
  }
  const lines = createInterface({ input, output });
  const values: Record<string, unknown> = {};
  const ended = new AbortController();
  lines.once("close", () => ended.abort());
  try {
    for (const field of fields) {
      for (;;) {
        const text = await lines.question(questionOf(field), { signal: ended.signal });
        if (text === "" && (field.usual !== undefined || !field.isRequired)) break;
        const typed = text === "" ? undefined : typedValue(text, field);
        if (typed !== undefined) {
          values[field.name] = typed.value;
          break;
        }
        output.write(`  It must be ${showType(field)}.\n`);
      }
    }
    return values;
  } catch (error) {
    if (!ended.signal.aborted) throw error;
    throw new CommandFailure(ExitCode.interrupted, "Nothing was answered.");
  } finally {
    lines.close();
  }
}

function questionOf(field: Field): string {
  const { name, usual, isRequired, description } = field;
  const about = description === "" ? "" : `${colors.dim(description)}\n`;
  const may = usual !== undefined ? ` [${JSON.stringify(usual)}]` : isRequired ? "" : " [none]";
  return `${about}${colors.bold(name)} ${colors.dim(`(${showType(field)})`)}${may}: `;
}
