/**
 * Dates as text, by a format of letters: YYYY year, Q quarter, MM month, DD day, HH hour, mm minute, ss second, Z offset; GGGG and
 * WW year and week of ISO 8601. What stands in brackets, and every other letter, means itself.
 */

import { offsetAt, startOfDay, type WallMs } from "../timetable/zone.ts";
import { isoWeekOf, mondayOf } from "./calendar.ts";

const tokens = /\[[^\]]*\]|YYYY|GGGG|MM|DD|HH|WW|mm|ss|Q|Z|[^]/gu;
const dateTokens = ["YYYY", "GGGG", "MM", "DD", "HH", "WW", "mm", "ss", "Q", "Z"] as const;
type Token = (typeof dateTokens)[number];
type Piece =
  { readonly token: Token; readonly text: null } | { readonly token: null; readonly text: string };

const formats = new Map<string, readonly Piece[]>();
const patterns = new Map<string, RegExp>();
/** Kept of each; formats come out of DAGs. */
const keptMax = 1_000;

function isToken(text: string): text is Token {
  return (dateTokens as readonly string[]).includes(text);
}

function piecesOf(format: string): readonly Piece[] {
  return kept(formats, format, () =>
    [...format.matchAll(tokens)].map(([text]): Piece => {
      if (isToken(text)) return { token: text, text: null };
      const isQuoted = text.length > 1 && text.startsWith("[");
      return { token: null, text: isQuoted ? text.slice(1, -1) : text };
    }),
  );
}

function kept<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  if (map.size >= keptMax) map.clear();
  const made = make();
  map.set(key, made);
  return made;
}

export function hasToken(format: string, token: Token): boolean {
  return piecesOf(format).some((piece) => piece.token === token);
}

/** What a wall clock shows, as text. `offsetMs`: how far it is ahead of UTC. */
export function formatWall(format: string, wall: WallMs, offsetMs: number): string {
  const date = new Date(wall);
  const week = isoWeekOf(wall);
  const month = date.getUTCMonth();
  const values: Record<Token, string> = {
    YYYY: digits(date.getUTCFullYear(), 4),
    GGGG: digits(week.year, 4),
    MM: digits(month + 1, 2),
    DD: digits(date.getUTCDate(), 2),
    HH: digits(date.getUTCHours(), 2),
    WW: digits(week.week, 2),
    mm: digits(date.getUTCMinutes(), 2),
    ss: digits(date.getUTCSeconds(), 2),
    Q: String(Math.floor(month / 3) + 1),
    Z: offsetText(offsetMs),
  };
  return piecesOf(format)
    .map(({ token, text }) => (token === null ? text : values[token]))
    .join("");
}

/** An instant as the wall clock of a zone shows it. */
export function formatInstant(format: string, at: number, zone: string): string {
  const offset = offsetAt(zone, at);
  return formatWall(format, at + offset, offset);
}

function digits(value: number, length: number): string {
  return String(value).padStart(length, "0");
}

function offsetText(offsetMs: number): string {
  const minutes = Math.round(Math.abs(offsetMs) / 60_000);
  const sign = offsetMs < 0 ? "-" : "+";
  return `${sign}${digits(Math.floor(minutes / 60), 2)}:${digits(minutes % 60, 2)}`;
}

const tokenPatterns: Readonly<Record<Token, string>> = {
  YYYY: String.raw`(?<YYYY>\d{4})`,
  GGGG: String.raw`(?<GGGG>\d{4})`,
  MM: String.raw`(?<MM>\d\d)`,
  DD: String.raw`(?<DD>\d\d)`,
  HH: String.raw`(?<HH>\d\d)`,
  WW: String.raw`(?<WW>\d\d)`,
  mm: String.raw`(?<mm>\d\d)`,
  ss: String.raw`(?<ss>\d\d)`,
  Q: "(?<Q>[1-4])",
  Z: String.raw`(?<Z>Z|[+-]\d\d:\d\d)`,
};

function patternOf(format: string): RegExp {
  return kept(patterns, format, () => {
    const seen = new Set<Token>();
    const source = piecesOf(format).map(({ token, text }) => {
      if (token === null) return text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
      // The same thing twice says the same.
      if (seen.has(token)) return String.raw`\k<${token}>`;
      seen.add(token);
      return tokenPatterns[token];
    });
    return new RegExp(`^${source.join("")}$`, "u");
  });
}

/** How ISO 8601 writes dates of the units, longest text first. */
const isoForms = [
  "YYYY-MM-DDTHH:mm:ss",
  "YYYY-MM-DDTHH:mm:ssZ",
  "YYYY-MM-DDTHH:mm",
  "YYYY-MM-DDTHH:mmZ",
  "YYYY-MM-DDTHH",
  "YYYY-MM-DD",
  "YYYY-MM",
  "YYYY-[Q]Q",
  "GGGG-[W]WW",
  "YYYY",
];

/** The instant that a text is about: where its unit begins. Null for a text of another form, or of no date. */
export function parseInstant(format: string, text: string, zone: string): number | null {
  for (const form of format === "" ? isoForms : [format]) {
    const found = patternOf(form).exec(text)?.groups;
    if (found === undefined) continue;
    const wall = wallOf(found);
    if (wall === null) return null;
    const offset = found["Z"];
    return offset === undefined ? startOfDay(zone, wall) : wall - offsetMs(offset);
  }
  return null;
}

/** What is not said begins with its first. */
function wallOf(found: Readonly<Record<string, string | undefined>>): WallMs | null {
  const number = (token: Token, least: number): number =>
    found[token] === undefined ? least : Number(found[token]);
  const time = { hour: number("HH", 0), minute: number("mm", 0), second: number("ss", 0) };
  if (time.hour > 23 || time.minute > 59 || time.second > 59) return null;
  const timeMs = ((time.hour * 60 + time.minute) * 60 + time.second) * 1000;
  if (found["GGGG"] !== undefined) {
    const monday = mondayOf(Number(found["GGGG"]), number("WW", 1));
    return monday === null ? null : monday + timeMs;
  }
  const year = number("YYYY", 1970);
  const month = found["Q"] === undefined ? number("MM", 1) : (Number(found["Q"]) - 1) * 3 + 1;
  const day = number("DD", 1);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isDate = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isDate && year > 0 ? date.getTime() + timeMs : null;
}

function offsetMs(text: string): number {
  if (text === "Z") return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(4, 6));
  return (text.startsWith("-") ? -minutes : minutes) * 60_000;
}
