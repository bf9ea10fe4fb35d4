/** The newest things that happened, in words; and a sum over all of them, by which two runs of a seed are compared. */

import type { Machine } from "./machine.ts";

export type Trace = {
  note(where: string, what: string, fields?: object): void;
  /** The newest lines. */
  last(count: number): string[];
  /** Of everything noted so far. */
  readonly sum: string;
  readonly noted: number;
};

/** Lines kept. */
const keptMax = 400;

export function createTrace(
  machine: Machine,
  write: ((line: string) => void) | null = null,
): Trace {
  let lines: string[] = [];
  let hash = 0x811c9dc5;
  let noted = 0;
  return {
    note(where, what, fields = {}) {
      const line = `${machine.now.toFixed(3).padStart(12)} ${where.padEnd(12)} ${what}${shown(fields)}`;
      noted += 1;
      for (let at = 0; at < line.length; at++)
        hash = Math.imul(hash ^ line.charCodeAt(at), 0x01000193);
      lines.push(line);
      if (lines.length > 2 * keptMax) lines = lines.slice(-keptMax);
      write?.(line);
    },
    last: (count) => lines.slice(-count),
    get sum() {
      return (hash >>> 0).toString(16).padStart(8, "0");
    },
    get noted() {
      return noted;
    },
  };
}

function shown(fields: object): string {
  return Object.entries(fields)
    .map(([name, value]) => ` ${name}=${valueText(value)}`)
    .join("");
}

function valueText(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(`${value.name}: ${value.message}`);
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined");
}
