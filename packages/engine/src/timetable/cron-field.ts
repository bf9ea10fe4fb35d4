/** Fields of cron expressions, as the plain lists that they mean. */

export type FieldName = "second" | "minute" | "hour" | "day" | "month" | "weekday";

const bounds: Readonly<Record<FieldName, readonly [min: number, max: number]>> = {
  second: [0, 59],
  minute: [0, 59],
  hour: [0, 23],
  day: [1, 31],
  month: [1, 12],
  weekday: [0, 7],
};
const names: Partial<Record<FieldName, readonly string[]>> = {
  month: ["", ..."jan feb mar apr may jun jul aug sep oct nov dec".split(" ")],
  weekday: "sun mon tue wed thu fri sat".split(" "),
};
const part = /^(?:(\*)|([0-9a-z]+)(?:-([0-9a-z]+))?)(?:\/(\d+))?$/;

/**
 * The field as a list of values in order, each once; `*` when it allows all of them. A field with more than values, spans and
 * steps, or with a mistake in it, stays as it is.
 */
export function plainField(field: string, name: FieldName): string {
  const values = new Set<number>();
  for (const one of field.toLowerCase().split(",")) {
    const of = valuesOf(one, name);
    if (of === null) return field;
    for (const value of of) values.add(name === "weekday" ? value % 7 : value);
  }
  const [min, max] = bounds[name];
  const all = name === "weekday" ? 7 : max - min + 1;
  return values.size === all ? "*" : [...values].sort((a, b) => a - b).join(",");
}

function valuesOf(text: string, name: FieldName): number[] | null {
  const match = part.exec(text);
  if (match === null) return null;
  const [, star, first, last, step] = match;
  const [min, max] = bounds[name];
  const from = star === undefined ? numberOf(first!, name) : min;
  const single = step === undefined ? from : max;
  const to = star !== undefined ? max : last === undefined ? single : numberOf(last, name);
  const by = step === undefined ? 1 : Number(step);
  const isRight = from >= min && to <= max && from <= to && by >= 1;
  if (!isRight) return null;
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, n) => from + n * by);
}

function numberOf(text: string, name: FieldName): number {
  const place = names[name]?.indexOf(text) ?? -1;
  if (place >= 0) return place;
  return /^\d+$/.test(text) ? Number(text) : NaN;
}
