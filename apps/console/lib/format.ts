/** Times, durations and counts as people read them. Instants are UTC milliseconds. */
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampMs } from "@bufbuild/protobuf/wkt";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `850 ms`, `12.4 s`, `4m 05s`, `1h 04m 12s`, `3d 02h`. Negative spans, which clocks can give, count as none. */
export function formatDuration(ms: number): string {
  const span = Math.max(0, ms);
  if (span < SECOND_MS) return `${Math.round(span)} ms`;
  if (span < MINUTE_MS) {
    const tenths = Math.floor(span / 100) / 10;
    return `${tenths < 10 ? tenths.toFixed(1) : Math.floor(tenths)} s`;
  }
  const seconds = Math.floor(span / SECOND_MS);
  const parts = {
    d: Math.floor(seconds / 86_400),
    h: Math.floor(seconds / 3_600) % 24,
    m: Math.floor(seconds / 60) % 60,
    s: seconds % 60,
  };
  if (parts.d > 0) return `${parts.d}d ${two(parts.h)}h`;
  if (parts.h > 0) return `${parts.h}h ${two(parts.m)}m ${two(parts.s)}s`;
  return `${parts.m}m ${two(parts.s)}s`;
}

/** `now`, `12 s ago`, `in 3 min`, `5 h ago`, `2 d ago`. */
export function formatRelative(at: number, now: number): string {
  const span = Math.abs(at - now);
  if (span < SECOND_MS) return "now";
  const text =
    span < MINUTE_MS
      ? `${Math.floor(span / SECOND_MS)} s`
      : span < HOUR_MS
        ? `${Math.floor(span / MINUTE_MS)} min`
        : span < DAY_MS
          ? `${Math.floor(span / HOUR_MS)} h`
          : `${Math.floor(span / DAY_MS)} d`;
  return at > now ? `in ${text}` : `${text} ago`;
}

export type Zone = { readonly zone?: string };

/** `2026-11-20 14:03:22 CET`: always with the zone's mark. */
export function formatInstant(at: number, { zone }: Zone = {}): string {
  return `${formatDate(at, zone)} ${formatClock(at, { zone })} ${zoneMark(at, zone)}`;
}

/** `14:03:22`, or with milliseconds `14:03:22.123`. */
export function formatClock(
  at: number,
  { zone, withMs = false }: { readonly zone?: string | undefined; readonly withMs?: boolean } = {},
): string {
  return formatOf(withMs ? "clockWithMs" : "clock", zone).format(at);
}

/** `2026-11-20T14:03:22Z`, without milliseconds where there are none. */
export function formatIso(at: number): string {
  return new Date(at).toISOString().replace(".000Z", "Z");
}

function formatDate(at: number, zone: string | undefined): string {
  return formatOf("date", zone).format(at);
}

function zoneMark(at: number, zone: string | undefined): string {
  const parts = formatOf("zone", zone).formatToParts(at);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "UTC";
}

const clock = { hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
const shapes = {
  clock: ["en-GB", clock],
  clockWithMs: ["en-GB", { ...clock, fractionalSecondDigits: 3 }],
  date: ["en-CA", { year: "numeric", month: "2-digit", day: "2-digit" }],
  zone: ["en-GB", { timeZoneName: "short" }],
} as const;

/** Making one takes many times as long as using it, and a log or a table uses hundreds at a time. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** No zone is the one of the browser. */
function formatOf(name: keyof typeof shapes, zone: string | undefined): Intl.DateTimeFormat {
  const key = `${name} ${zone ?? ""}`;
  const [locale, shape] = shapes[name];
  const format =
    formats.get(key) ??
    new Intl.DateTimeFormat(locale, zone === undefined ? shape : { ...shape, timeZone: zone });
  formats.set(key, format);
  return format;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

export function msOf(timestamp: Timestamp | undefined): number | null {
  return timestamp === undefined ? null : timestampMs(timestamp);
}

export function durationMsOf(duration: Duration | undefined): number | null {
  if (duration === undefined) return null;
  return Number(duration.seconds) * 1_000 + Math.floor(duration.nanos / 1_000_000);
}

/** `850 bytes`, `3.2 kB`, `14 MB`: thousands, as disks and networks count. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return plural(bytes, "byte");
  const [unit, size] = bytes < 1_000_000 ? (["kB", 1_000] as const) : (["MB", 1_000_000] as const);
  const value = bytes / size;
  return `${value < 10 ? value.toFixed(1) : formatCount(Math.round(value))} ${unit}`;
}

const numbers = new Intl.NumberFormat("en-US");

/** `12,000`. */
export function formatCount(value: number): string {
  return numbers.format(value);
}

/** `1 task`, `12,000 tasks`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}
