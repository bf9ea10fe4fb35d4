/** Splits what a process prints into lines, within a limit. */

import { StringDecoder } from "node:string_decoder";

/** Characters of a line; a longer one is given in pieces, so that output without line ends stays small. */
const lineMax = 16 * 1024;

export type Lines = {
  /** Takes a piece of output and gives on the lines it completes. */
  write(chunk: Buffer): void;
  /** Gives on what is left after the last line end. */
  end(): void;
};

export function splitLines(onLine: (line: string) => void): Lines {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const take = (text: string): void => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) emit(part, onLine);
    while (rest.length > lineMax) {
      onLine(rest.slice(0, lineMax));
      rest = rest.slice(lineMax);
    }
  };
  return {
    write: (chunk) => take(decoder.write(chunk)),
    end() {
      take(decoder.end());
      if (rest !== "") emit(rest, onLine);
      rest = "";
    },
  };
}

function emit(line: string, onLine: (line: string) => void): void {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  for (let start = 0; start === 0 || start < text.length; start += lineMax) {
    onLine(text.slice(start, start + lineMax));
  }
}
