/** Compares two pieces of plain data. */

/** The first place where they differ, as `tasks[2].id is "a", then "b"`; null when they are equal. */
export function firstDifference(first: unknown, second: unknown, at = ""): string | null {
  if (Object.is(first, second)) return null;
  if (!isObject(first) || !isObject(second)) return `${at} is ${show(first)}, then ${show(second)}`;
  const keys = new Set([...Object.keys(first), ...Object.keys(second)]);
  for (const key of keys) {
    const place = Array.isArray(first) ? `${at}[${key}]` : at === "" ? key : `${at}.${key}`;
    const difference = firstDifference(first[key], second[key], place);
    if (difference !== null) return difference;
  }
  return null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** How much of a value a message repeats. */
const shownMax = 100;

function show(value: unknown): string {
  if (value === undefined) return "missing";
  const shown = JSON.stringify(value);
  return shown.length > shownMax ? `${shown.slice(0, shownMax)}…` : shown;
}
