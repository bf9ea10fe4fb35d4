/** The lines of one attempt's log, kept outside React: appended in batches, filtered and searched by index. */
import type { LogLine } from "@millrace/wire/v1";
import { LogLevel } from "@millrace/wire/v1";
import { withoutAnsi } from "./ansi.ts";

export type LogFilter = {
  /** Lines below this level are left out. UNSPECIFIED shows all. */
  readonly minLevel: LogLevel;
  /** Case is ignored. Empty searches nothing. */
  readonly search: string;
};

export const allLines: LogFilter = { minLevel: LogLevel.UNSPECIFIED, search: "" };

export type LogView = {
  /** Grows with every change, so that readers can compare. */
  readonly version: number;
  readonly total: number;
  /** Indexes into the buffer of the lines that pass the level; null when all do. */
  readonly rows: readonly number[] | null;
  /** Row positions (not indexes) that hold the search, ascending. */
  readonly hits: readonly number[];
};

/**
 * Appending n lines costs O(n), whatever is there already: rows and hits of the current filter grow with the lines.
 * Lines come in order of seq; those already there (a stream that was resumed) are dropped.
 */
export class LogBuffer {
  #lines: LogLine[] = [];
  #filter: LogFilter = allLines;
  #rows: number[] = [];
  #hits: number[] = [];
  #version = 0;
  #view: LogView = { version: 0, total: 0, rows: null, hits: [] };
  readonly #listeners = new Set<() => void>();

  append(lines: readonly LogLine[]): void {
    const last = this.lastSeq;
    const fresh = lines.filter((line) => line.seq > last);
    if (fresh.length === 0) return;
    for (const line of fresh) {
      this.#lines.push(line);
      this.#index(this.#lines.length - 1);
    }
    this.#changed();
  }

  setFilter(filter: LogFilter): void {
    this.#filter = filter;
    this.#rows = [];
    this.#hits = [];
    for (let ix = 0; ix < this.#lines.length; ix += 1) this.#index(ix);
    this.#changed();
  }

  /** The seq to go on after; 0 before the first line. */
  get lastSeq(): bigint {
    return this.#lines.at(-1)?.seq ?? 0n;
  }

  lineAt(row: number): LogLine | undefined {
    return this.#lines[this.#isFiltered ? (this.#rows[row] ?? -1) : row];
  }

  text(): string {
    return this.#lines.map((line) => withoutAnsi(line.message)).join("\n");
  }

  readonly view = (): LogView => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get #isFiltered(): boolean {
    return this.#filter.minLevel !== LogLevel.UNSPECIFIED;
  }

  #index(ix: number): void {
    const line = this.#lines[ix];
    if (line === undefined || levelOf(line) < this.#filter.minLevel) return;
    this.#rows.push(ix);
    const { search } = this.#filter;
    if (search === "") return;
    const text = `${withoutAnsi(line.message)} ${line.fieldsJson}`.toLowerCase();
    if (text.includes(search.toLowerCase())) this.#hits.push(this.#rows.length - 1);
  }

  #changed(): void {
    this.#version += 1;
    this.#view = {
      version: this.#version,
      total: this.#lines.length,
      rows: this.#isFiltered ? this.#rows : null,
      hits: this.#hits,
    };
    for (const listener of this.#listeners) listener();
  }
}

export function levelOf(line: LogLine): LogLevel {
  return line.level === LogLevel.UNSPECIFIED ? LogLevel.INFO : line.level;
}
