/** Option texts that need more than commander's own reading. */
import { CommandFailure, ExitCode } from "../exit-codes.ts";

/** Text that parses as JSON, or a usage error naming the option. */
export function checkedJson(option: string, text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw new CommandFailure(
      ExitCode.usage,
      `${option} is not JSON: ${(error as Error).message}. Quote it for the shell, like ${option} '{"region":"eu"}'.`,
    );
  }
}

export function parseInstant(option: string, text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime()) || !/(Z|[+-]\d\d:?\d\d)$/.test(text)) {
    throw new CommandFailure(
      ExitCode.usage,
      `${option} must be an instant with a zone, like 2026-01-31T00:00:00Z; got "${text}".`,
    );
  }
  return date;
}
