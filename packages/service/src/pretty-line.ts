/** A log line for people: `12:03:04.512 info  scheduler  run.started  run_id=run_4f`. */

import { styleText } from "node:util";

const colors = {
  trace: "gray",
  debug: "gray",
  info: "green",
  warn: "yellow",
  error: "red",
  fatal: "red",
} as const;
const shownApart = new Set(["time", "level", "component", "event", "err", "pid", "hostname"]);

export function prettyLine(line: string, { hasColor }: { hasColor: boolean }): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    hasColor ? styleText(style, text, { validateStream: false }) : text;
  const level = String(entry["level"]);
  const style = Object.hasOwn(colors, level) ? colors[level as keyof typeof colors] : "white";
  const fields = Object.entries(entry)
    .filter(([name]) => !shownApart.has(name))
    .map(([name, value]) => `${paint("gray", `${name}=`)}${shown(value)}`);
  const parts = [
    paint("gray", String(entry["time"]).slice(11, 23)),
    paint(style, level.padEnd(5)),
    paint("gray", text(entry["component"]).padEnd(9)),
    text(entry["event"]),
    ...fields,
  ];
  return `${parts.join(" ")}\n${stackOf(entry["err"])}`;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Text with anything odd in it is quoted, so that a line stays a line. */
function shown(value: unknown): string {
  return typeof value === "string" && /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value);
}

function stackOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("stack" in error)) return "";
  return `${String(error.stack).replace(/^/gm, "    ")}\n`;
}
