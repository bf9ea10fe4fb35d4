/** What all reports share: tables, the facts of the machine, and the page that figures are written into. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

const page = new URL("../../docs/benchmarks.md", import.meta.url);

/** "2026-01-01 at commit abc on 2 × some processor, 24 GB, Node v24.0.0". */
export function placeAndTime(): string {
  const commit = git("rev-parse", "--short", "HEAD");
  const isChanged = git("status", "--porcelain") !== "";
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GB`;
  const day = new Date().toISOString().slice(0, 10);
  return `${day} at commit ${commit}${isChanged ? " with changes" : ""} on ${machine}, Node ${process.version}`;
}

/** A Markdown table. */
export function table(head: readonly string[], ...rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** "1,234". */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/**
 * Prints figures, or with `--write` puts them into docs/benchmarks.md between the markers of this command.
 *
 * @throws Error when the page has lost its markers
 */
export function publish(command: string, figures: string): void {
  if (!process.argv.includes("--write")) {
    process.stdout.write(figures);
    return;
  }
  const [begin, end] = [`<!-- figures: ${command} -- --write -->`, "<!-- end of figures -->"];
  const old = readFileSync(page, "utf8");
  const from = old.indexOf(begin) + begin.length;
  const to = old.indexOf(end, from);
  if (from < begin.length || to < 0)
    throw new Error(`docs/benchmarks.md has lost its markers of ${command}`);
  writeFileSync(page, old.slice(0, from) + figures + old.slice(to));
}

function git(...words: string[]): string {
  return execFileSync("git", words, { encoding: "utf8" }).trim();
}
