/** Option texts that need more than commander's own reading: each of these makes a value, or says what would be right. */
import { InvalidArgumentError, Option } from "commander";

/** A reader of whole numbers within limits. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

const portMax = 65_535;

/** 0 takes any free port. */
export const portNumber = wholeNumber(0, portMax);

/** As many tasks at a time as settings allow. */
export const slotCount = wholeNumber(1, 10_000);

const mapIndexMax = 2 ** 31 - 1;

export function mapIndexOption(): Option {
  return new Option("--map-index <n>", "of this instance of a mapped task, from 0").argParser(
    wholeNumber(0, mapIndexMax),
  );
}

/** What the wire means by "not mapped". */
export const notMapped = -1;

/** The text itself, once it is known to be a JSON object. */
export function paramsJson(text: string): string {
  const remedy = `Give a JSON object, quoted for the shell: --params '{"region":"eu"}'.`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}. ${remedy}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return text;
  throw new InvalidArgumentError(remedy);
}

/** An instant with a zone: a date without one would mean another day elsewhere. */
export function instant(text: string): Date {
  const date = new Date(text);
  if (/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)$/.test(text) && !Number.isNaN(date.getTime()))
    return date;
  throw new InvalidArgumentError("Give an instant with its zone, like 2026-01-31T00:00:00Z.");
}

/** For options that may be given several times. */
export function collect(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}
