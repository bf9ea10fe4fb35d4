/** How commands print: data on stdout (a table, or JSON with --json), talk on stderr. */
import { toJson, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { stripVTControlCharacters } from "node:util";
import pc from "picocolors";

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** One message in protobuf's JSON form, the same that the api answers to curl. */
export function printMessage<D extends DescMessage>(schema: D, message: MessageShape<D>): void {
  printJson(toJson(schema, message));
}

export function messageToJson<D extends DescMessage>(schema: D, message: MessageShape<D>): unknown {
  return toJson(schema, message);
}

/** Columns padded to their widest cell; the last one runs free. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = header.map((title, column) =>
    Math.max(width(title), ...rows.map((row) => width(row[column] ?? ""))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column === cells.length - 1 ? cell : cell + " ".repeat(widths[column]! - width(cell)),
      )
      .join("  ");
  process.stdout.write(`${pc.dim(line(header))}\n`);
  for (const row of rows) process.stdout.write(`${line(row)}\n`);
}

export function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

function width(text: string): number {
  return stripVTControlCharacters(text).length;
}
