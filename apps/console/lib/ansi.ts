/** Splits a line with ANSI colour codes into spans; every other escape sequence is dropped, never executed. */

export type AnsiSpan = {
  readonly text: string;
  /** 0-15 of the terminal's colours, or null for the line's own. */
  readonly color: number | null;
  readonly isBold: boolean;
  readonly isDim: boolean;
};

// An escape sequence: CSI … final byte, or OSC … BEL.
// eslint-disable-next-line no-control-regex -- control characters are what this is about
const sequences = /\u001b\[([0-9;:]*)([A-Za-z])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;

const plain = { color: null, isBold: false, isDim: false };

export function ansiSpans(line: string): readonly AnsiSpan[] {
  if (!line.includes("\u001b")) return [{ text: line, ...plain }];
  const spans: AnsiSpan[] = [];
  let style: Omit<AnsiSpan, "text"> = plain;
  let from = 0;
  for (const match of line.matchAll(sequences)) {
    if (match.index > from) spans.push({ text: line.slice(from, match.index), ...style });
    from = match.index + match[0].length;
    if (match[2] === "m") style = styled(style, match[1] ?? "");
  }
  if (from < line.length) spans.push({ text: line.slice(from), ...style });
  return spans;
}

/** The line as people read it, which is what search looks in. */
export function withoutAnsi(line: string): string {
  return line.includes("\u001b") ? line.replace(sequences, "") : line;
}

function styled(style: Omit<AnsiSpan, "text">, codes: string): Omit<AnsiSpan, "text"> {
  let next = style;
  for (const part of codes === "" ? ["0"] : codes.split(/[;:]/)) {
    const code = Number(part);
    if (code === 38 || code === 48) return next; // 256 and true colours: left in the line's own colour
    if (code === 0) next = plain;
    else if (code === 1) next = { ...next, isBold: true };
    else if (code === 2) next = { ...next, isDim: true };
    else if (code === 22) next = { ...next, isBold: false, isDim: false };
    else if (code === 39) next = { ...next, color: null };
    else if (code >= 30 && code <= 37) next = { ...next, color: code - 30 };
    else if (code >= 90 && code <= 97) next = { ...next, color: code - 82 };
  }
  return next;
}
