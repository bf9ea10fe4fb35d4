/** Reads all logs as one stream and keeps the lines that matter. */
import { createReadStream, createWriteStream } from "node:fs";
import { once } from "node:events";
import type { LogFile } from "./download.ts";

export type Kept = {
  /** One JSON array [application, line] a line. */
  file: string;
  /** All lines read. */
  lines: number;
  /** Those that were left out. */
  dropped: number;
};

/** Debug and trace entries, and empty lines, say nothing about errors. */
const irrelevant = /^\s*$|\b(?:DEBUG|TRACE)\b|\[(?:debug|trace)\]/;

/**
 * The files are one stream in the order of their names, as `cat *.log` gives it, so that the counts can be checked with
 * grep and wc: a last line without a newline runs into the first line of the next file, and belongs to the earlier one.
 */
export async function keepRelevant(files: readonly LogFile[], output: string): Promise<Kept> {
  const ordered = files.toSorted((a, b) => (a.application < b.application ? -1 : 1));
  const out = createWriteStream(output);
  let lines = 0;
  let dropped = 0;
  for await (const [application, line] of linesOf(ordered)) {
    lines++;
    if (irrelevant.test(line)) dropped++;
    else if (!out.write(`${JSON.stringify([application, line])}\n`)) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
  return { file: output, lines, dropped };
}

async function* linesOf(files: readonly LogFile[]): AsyncGenerator<[string, string]> {
  let begun = "";
  let owner = "";
  for (const { application, file } of files) {
    for await (const piece of createReadStream(file, "utf8") as AsyncIterable<string>) {
      const parts = piece.split("\n");
      for (const part of parts.slice(0, -1)) {
        yield [begun ? owner : application, (begun + part).replace(/\r$/, "")];
        begun = "";
      }
      const rest = parts.at(-1)!;
      if (rest && !begun) owner = application;
      begun += rest;
    }
  }
  if (begun) yield [owner, begun];
}
