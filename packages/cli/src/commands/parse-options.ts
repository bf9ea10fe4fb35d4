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

/** As many tasks, or waits, at a time as settings allow; 0 for none. */
export const slotCount = wholeNumber(0, 10_000);

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
  return objectText(text, `--params '{"region":"eu"}'`);
}

/** Like `paramsJson`, of an event. */
export function extraJson(text: string): string {
  return objectText(text, `--extra '{"rows":12}'`);
}

/** Like `paramsJson`, of an answer. */
export function objectJson(text: string): string {
  return objectText(text, `--values '{"approved":true}'`);
}

/** The text itself, once it is known to be JSON. */
export function jsonText(text: string): string {
  readJson(text, `Give JSON, quoted for the shell: --value '{"score":1}' or --value '"text"'.`);
  return text;
}

function objectText(text: string, example: string): string {
  const remedy = `Give a JSON object, quoted for the shell: ${example}.`;
  const value = readJson(text, remedy);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return text;
  throw new InvalidArgumentError(remedy);
}

function readJson(text: string, remedy: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}. ${remedy}`);
  }
}

/** Whether the text begins with a day that there is: of the 30th of February, `Date` makes the 2nd of March. */
function beginsWithDay(text: string): boolean {
  const day = text.slice(0, "2026-01-31".length);
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

/** An instant with a zone: a date without one would mean another day elsewhere. */
export function instant(text: string): Date {
  const date = new Date(text);
  const hasZone = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)$/.test(text);
  if (hasZone && beginsWithDay(text) && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError("Give an instant with its zone, like 2026-01-31T00:00:00Z.");
}

/** An instant, or a day: when that begins depends on the zone. */
export type DayOrInstant =
  | { readonly kind: "instant"; readonly at: number }
  /** `midnight` is that of the day in UTC. */
  | { readonly kind: "day"; readonly midnight: number };

/** An instant with a zone, or a day. */
export function dayOrInstant(text: string): DayOrInstant {
  if (/^\d{4}-\d\d-\d\d$/.test(text) && beginsWithDay(text))
    return { kind: "day", midnight: Date.parse(text) };
  try {
    return { kind: "instant", at: instant(text).getTime() };
  } catch {
    throw new InvalidArgumentError(
      "Give a day like 2026-01-31, or an instant with its zone, like 2026-01-31T06:00:00Z.",
    );
  }
}

/** For options that may be given several times. */
export function collect(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}
