/** Durations as people write them, in milliseconds for the engine. */

import { dagLimits } from "@millrace/engine";

/** "30s", "5m", "1h30m", "500ms", ISO 8601 "PT5M", or the parts by name. */
export type Duration =
  | string
  | {
      readonly weeks?: number;
      readonly days?: number;
      readonly hours?: number;
      readonly minutes?: number;
      readonly seconds?: number;
      readonly milliseconds?: number;
    };

const msOf = {
  weeks: 604_800_000,
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1000,
  milliseconds: 1,
} as const;

const unitMs: Readonly<Record<string, number>> = {
  w: msOf.weeks,
  d: msOf.days,
  h: msOf.hours,
  m: msOf.minutes,
  s: msOf.seconds,
  ms: msOf.milliseconds,
};

const plain = /^(\d+(?:\.\d+)?(?:ms|[wdhms]))+$/;
const iso =
  /^P(?!$)(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?!$)(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

export const durationForms = '"30s", "5m", "1h30m", "PT5M" or { minutes: 5 }, at most ten years';

/** Milliseconds, or null when it is no duration; months and years have no fixed length and are none. */
export function durationMs(value: unknown): number | null {
  const ms = typeof value === "string" ? fromText(value) : fromParts(value);
  return ms !== null && ms >= 0 && ms <= dagLimits.durationMs ? Math.round(ms) : null;
}

export const signedDurationForms = `${durationForms}, with "-" before it for what comes before`;

/** As `durationMs`; also negative: "-30m", or parts that are. */
export function signedDurationMs(value: unknown): number | null {
  if (typeof value === "string" && value.startsWith("-")) {
    const ms = durationMs(value.slice(1));
    return ms === null ? null : 0 - ms;
  }
  const ms = typeof value === "string" ? fromText(value) : fromParts(value);
  return ms !== null && Math.abs(ms) <= dagLimits.durationMs ? Math.round(ms) : null;
}

function fromText(text: string): number | null {
  if (plain.test(text)) {
    const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|[wdhms])/g);
    return [...parts].reduce(
      (sum, [, n, unit]) => sum + Number(n) * (unitMs[unit ?? ""] ?? NaN),
      0,
    );
  }
  const match = iso.exec(text);
  if (match === null) return null;
  const units = [msOf.weeks, msOf.days, msOf.hours, msOf.minutes, msOf.seconds];
  return units.reduce((sum, ms, index) => sum + ms * Number(match[index + 1] ?? 0), 0);
}

function fromParts(value: unknown): number | null {
  if (typeof value !== "object" || value === null) return null;
  const parts = Object.entries(value) as [string, unknown][];
  if (parts.length === 0) return null;
  return parts.reduce<number | null>((sum, [name, n]) => {
    if (sum === null || !(name in msOf) || typeof n !== "number" || !Number.isFinite(n))
      return null;
    return sum + n * msOf[name as keyof typeof msOf];
  }, 0);
}
