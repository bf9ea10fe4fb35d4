/** Reads the arrays that lanes send in Postgres's binary form. */

type Element = number | boolean | string | Buffer | null;

const postgresEpochMs = 946_684_800_000;

const readers: Readonly<Record<number, (bytes: Buffer) => Element>> = {
  16: (bytes) => bytes[0] === 1,
  17: (bytes) => Buffer.from(bytes),
  20: (bytes) => Number(bytes.readBigInt64BE()),
  21: (bytes) => bytes.readInt16BE(),
  23: (bytes) => bytes.readInt32BE(),
  25: (bytes) => bytes.toString("utf8"),
  1184: (bytes) => Number(bytes.readBigInt64BE() / 1000n) + postgresEpochMs,
};

/** A parameter of a lane: a list, or a text. */
export type Parameter = readonly Element[] | string | null;

export function readParameter(value: string | Buffer | null): Parameter {
  return Buffer.isBuffer(value) ? readArray(value) : value;
}

function readArray(bytes: Buffer): Element[] {
  if (bytes.readInt32BE(0) === 0) return [];
  const oid = bytes.readInt32BE(8);
  const read = readers[oid];
  if (read === undefined) throw new Error(`No reader for arrays of type ${oid}.`);
  const length = bytes.readInt32BE(12);
  const list = new Array<Element>(length);
  let at = 20;
  for (let index = 0; index < length; index++) {
    const size = bytes.readInt32BE(at);
    at += 4;
    list[index] = size < 0 ? null : read(bytes.subarray(at, at + size));
    at += Math.max(0, size);
  }
  return list;
}

/** Reads an array in its text form, such as `{1,2}` and `{"a","b\\"c"}`. */
export function readLiteral(literal: string): string[] {
  const inner = literal.slice(1, -1);
  if (inner === "") return [];
  const found = inner.matchAll(/"((?:[^"\\]|\\.)*)"|([^",]+)/g);
  return [...found].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? "") : quoted.replace(/\\(.)/g, "$1"),
  );
}
