/** The table of log entries, in a SQLite file of the run. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import type { Entry } from "./parse.ts";

export type TopMessage = { level: string; application: string; message: string; count: number };
export type MatrixCell = { application: string; level: string; count: number };

/** Numbers differ from line to line; messages that differ in nothing else are one. */
const numbers = /\b(?:0x)?[0-9a-f]*\d[0-9a-f]*\b/gi;

export class LogTable implements Disposable {
  readonly #database: DatabaseSync;

  private constructor(file: string) {
    this.#database = new DatabaseSync(file);
  }

  /** Makes the table anew: a retried task starts from an empty one. */
  static create(file: string): void {
    using table = new LogTable(file);
    table.#database.exec(`
      DROP TABLE IF EXISTS log_entry;
      CREATE TABLE log_entry (
        application TEXT NOT NULL, time TEXT NOT NULL, level TEXT NOT NULL, component TEXT NOT NULL,
        message TEXT NOT NULL, pattern TEXT NOT NULL, error_code TEXT NOT NULL
      );
      CREATE INDEX log_entry_level ON log_entry (level, application);
    `);
  }

  static open(file: string): LogTable {
    return new LogTable(file);
  }

  /** Parses every [application, line] of a file into a row, all in one transaction; gives the number of rows. */
  async insertFrom(file: string, parse: (line: string) => Entry): Promise<number> {
    const insert = this.#database.prepare("INSERT INTO log_entry VALUES (?, ?, ?, ?, ?, ?, ?)");
    let rows = 0;
    this.#database.exec("BEGIN; DELETE FROM log_entry");
    for await (const text of createInterface({ input: createReadStream(file) })) {
      const [application, line] = JSON.parse(text) as [string, string];
      const { time, level, component, message, errorCode } = parse(line);
      const pattern = message.replace(numbers, "#");
      insert.run(application, time, level, component, message, pattern, errorCode);
      rows++;
    }
    this.#database.exec("COMMIT");
    return rows;
  }

  countBy(column: "level" | "application"): Record<string, number> {
    const rows = this.#database
      .prepare(
        `SELECT ${column} AS name, count(*) AS n FROM log_entry GROUP BY 1 ORDER BY 2 DESC, 1`,
      )
      .all() as { name: string; n: number }[];
    return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
  }

  matrix(): MatrixCell[] {
    return this.#database
      .prepare("SELECT application, level, count(*) AS count FROM log_entry GROUP BY 1, 2")
      .all() as MatrixCell[];
  }

  /** The most frequent messages, errors before the rest. */
  topMessages(limit: number): TopMessage[] {
    return this.#database
      .prepare(
        `SELECT level, application, pattern AS message, count(*) AS count FROM log_entry
         GROUP BY level, application, pattern
         ORDER BY level IN ('ERROR', 'FATAL', 'CRITICAL') DESC, level = 'WARN' DESC, 4 DESC, 3 LIMIT ?`,
      )
      .all(limit) as TopMessage[];
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
