/**
 * Statements that travel as one: a single write brings them to the server, which runs them in order as one transaction
 * and answers once. No BEGIN and no COMMIT is spoken: without a Sync in between, the protocol makes it one transaction,
 * and each statement in it still sees what was committed before it began.
 */

import type { Connection, FieldDef, QueryArrayResult, Submittable } from "pg";

export type PackStatement = {
  /** Prepared under this name at first use, and kept; without a name it is parsed each time. */
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly PackValue[];
};

/** Text, or a type's binary form. */
export type PackValue = string | Buffer | null;

/** Rows as arrays, by column position. */
export type PackRows = QueryArrayResult<unknown[]>["rows"];

/** Makes a value of a column's text. */
export type ColumnParser = (text: string) => unknown;

/** What a connection has prepared; one for each connection. */
export type Prepared = {
  /** Columns by the statement's name. */
  readonly columns: Map<string, readonly ColumnParser[]>;
  /** Names that a pack which failed may have left behind. */
  readonly doubtful: Set<string>;
};

export function nothingPrepared(): Prepared {
  return { columns: new Map(), doubtful: new Set() };
}

/** Give it to `Client.query`; `answer` settles with the rows of each statement, or the error of the first that failed. */
export class StatementPack implements Submittable {
  readonly answer: Promise<PackRows[]>;
  /** The driver calls it too, when time is up, and puts its own around it. */
  callback: (error: Error | null, rows?: PackRows[]) => void;
  readonly #statements: readonly PackStatement[];
  readonly #prepared: Prepared;
  readonly #parserOf: (oid: number) => ColumnParser;
  readonly #columns: (readonly ColumnParser[])[];
  readonly #rows: PackRows[] = [];
  #current: unknown[][] = [];

  constructor(
    statements: readonly PackStatement[],
    prepared: Prepared,
    parserOf: (oid: number) => ColumnParser,
  ) {
    this.#statements = statements;
    this.#prepared = prepared;
    this.#parserOf = parserOf;
    this.#columns = statements.map(({ name = "" }) => prepared.columns.get(name) ?? []);
    const { promise, resolve, reject } = Promise.withResolvers<PackRows[]>();
    this.answer = promise;
    this.callback = (error, rows = []) => (error === null ? resolve(rows) : reject(error));
  }

  /** Called by the driver when it is this one's turn. */
  submit(connection: Connection): void {
    connection.stream.cork();
    try {
      for (const statement of this.#statements) this.#send(connection, statement);
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
  }

  #send(connection: Connection, { name = "", text, values = [] }: PackStatement): void {
    const isKnown = this.#prepared.columns.has(name);
    if (!isKnown) {
      // Closing what is not there is no error.
      if (this.#prepared.doubtful.has(name)) connection.close({ type: "S", name }, false);
      connection.parse({ name, text, types: [] }, false);
    }
    connection.bind({ statement: name, values: [...values] }, false);
    if (!isKnown) connection.describe({ type: "P", name: "" }, false);
    connection.execute(null, false);
  }

  handleRowDescription({ fields }: { readonly fields: readonly FieldDef[] }): void {
    this.#columns[this.#rows.length] = fields.map((field) => this.#parserOf(field.dataTypeID));
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const columns = this.#columns[this.#rows.length] ?? [];
    this.#current.push(fields.map((text, at) => (text === null ? null : columns[at]?.(text))));
  }

  handleCommandComplete(): void {
    this.#rows.push(this.#current);
    this.#current = [];
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete();
  }

  handlePortalSuspended(): void {
    this.callback(new Error("A statement without a limit of rows was cut short."));
  }

  handleReadyForQuery(): void {
    // After an error the driver no longer takes this pack for the one that is answered.
    this.#statements.forEach(({ name = "" }, at) => {
      if (name === "") return;
      this.#prepared.columns.set(name, this.#columns[at] ?? []);
      this.#prepared.doubtful.delete(name);
    });
    this.callback(null, this.#rows);
  }

  handleError(error: Error): void {
    for (const { name = "" } of this.#statements) {
      if (name !== "" && !this.#prepared.columns.has(name)) this.#prepared.doubtful.add(name);
    }
    this.callback(error);
  }
}
