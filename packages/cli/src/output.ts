/** How commands print: data on stdout (a table, or JSON with --json), talk on stderr. */
import { toJson, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { stripVTControlCharacters, styleText } from "node:util";
import { colors } from "./colors.ts";

/** Data: what another program would read. */
export function print(text: string): void {
  write(process.stdout, `${text}\n`);
}

/** Talk: what a person reads beside it. */
export function say(message: string): void {
  write(process.stderr, `${message}\n`);
}

/** Writes as it is, without colours where the stream shows none: no terminal, or NO_COLOR. */
export function write(stream: NodeJS.WriteStream, text: string): void {
  // Node's own rule, with FORCE_COLOR and NO_COLOR: it leaves the text alone where it would not show.
  const isPlain = styleText("red", "", { stream }) === "";
  stream.write(isPlain ? stripVTControlCharacters(text) : text);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** One line of JSON, for what comes one after the other. */
export function printJsonLine(value: unknown): void {
  print(JSON.stringify(value));
}

/** One message in protobuf's JSON form, the same that the api answers to curl. */
export function printMessage<D extends DescMessage>(schema: D, message: MessageShape<D>): void {
  printJson(toJson(schema, message));
}

/**
 * Columns padded to their widest cell; the last one runs free, and is cut where a terminal ends.
 *
 * @param none said instead when there are no rows.
 */
export function printTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  none: string,
): void {
  if (rows.length === 0) return say(none);
  for (const line of tableLines(header, rows)) {
    print(process.stdout.isTTY ? cutTo(line, process.stdout.columns) : line);
  }
}

export function tableLines(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const widths = header.map((title, column) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[column] ?? ""))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell + " ".repeat(widths[column]! - widthOf(cell)))
      .join("  ")
      .trimEnd();
  return [colors.dim(line(header)), ...rows.map(line)];
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Cuts to so many visible characters; colours that began before the cut still end. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let left = width - 1;
  let isCut = false;
  // oxlint-disable-next-line no-control-regex -- colours begin with the escape character
  const parts = text.split(/(\u001b\[\d+m)/).map((part, index) => {
    if (index % 2 === 1) return part;
    if (isCut) return "";
    const kept = part.slice(0, left);
    left -= kept.length;
    isCut = kept.length < part.length;
    return isCut ? `${kept}…` : kept;
  });
  return parts.join("");
}
