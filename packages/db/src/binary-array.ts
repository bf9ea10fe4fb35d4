/**
 * Arrays in Postgres's binary form. The driver sends a Buffer as it is, so a thousand rows cost one small buffer per column
 * instead of a thousand quoted texts, and bytes are not doubled into hex.
 */

type Nullable<T> = readonly (T | null)[];

const oid = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  timestamptz: 1184,
} as const;

const emptyHeaderBytes = 12;
const headerBytes = 20;
const lengthBytes = 4;

function header(elementOid: number, length: number, bodyBytes: number, hasNull: boolean): Buffer {
  if (length === 0) {
    const empty = Buffer.alloc(emptyHeaderBytes);
    empty.writeInt32BE(elementOid, 8);
    return empty;
  }
  const array = Buffer.allocUnsafe(headerBytes + bodyBytes);
  array.writeInt32BE(1, 0);
  array.writeInt32BE(hasNull ? 1 : 0, 4);
  array.writeInt32BE(elementOid, 8);
  array.writeInt32BE(length, 12);
  array.writeInt32BE(1, 16);
  return array;
}

function fixedArray<T>(
  elementOid: number,
  size: number,
  values: Nullable<T>,
  write: (array: Buffer, value: T, at: number) => void,
): Buffer {
  const nulls = values.reduce<number>((count, value) => (value === null ? count + 1 : count), 0);
  const body = values.length * (lengthBytes + size) - nulls * size;
  const array = header(elementOid, values.length, body, nulls > 0);
  let at = headerBytes;
  for (const value of values) {
    array.writeInt32BE(value === null ? -1 : size, at);
    at += lengthBytes;
    if (value === null) continue;
    write(array, value, at);
    at += size;
  }
  return array;
}

const two32 = 2 ** 32;

function writeInt8(array: Buffer, value: number, at: number): void {
  array.writeInt32BE(Math.floor(value / two32), at);
  array.writeUInt32BE(value >>> 0, at + 4);
}

/** bigint[]; exact below 2^53. */
export function int8Array(values: Nullable<number>): Buffer {
  return fixedArray(oid.int8, 8, values, writeInt8);
}

export function int4Array(values: Nullable<number>): Buffer {
  return fixedArray(oid.int4, 4, values, (array, value, at) => array.writeInt32BE(value, at));
}

export function int2Array(values: Nullable<number>): Buffer {
  return fixedArray(oid.int2, 2, values, (array, value, at) => array.writeInt16BE(value, at));
}

export function boolArray(values: Nullable<boolean>): Buffer {
  return fixedArray(oid.bool, 1, values, (array, value, at) => array.writeUInt8(value ? 1 : 0, at));
}

/** 2000-01-01T00:00Z, where Postgres counts microseconds from. */
const postgresEpochMs = 946_684_800_000n;

/** timestamptz[] from milliseconds since 1970, rounded to whole ones. Microseconds go beyond 2^53 in some centuries, hence bigint. */
export function timestamptzArray(values: Nullable<number>): Buffer {
  return fixedArray(oid.timestamptz, 8, values, (array, value, at) =>
    array.writeBigInt64BE((BigInt(Math.round(value)) - postgresEpochMs) * 1000n, at),
  );
}

export function byteaArray(values: Nullable<Uint8Array>): Buffer {
  return variableArray(oid.bytea, values);
}

export function textArray(values: Nullable<string>): Buffer {
  return variableArray(
    oid.text,
    values.map((value) => (value === null ? null : Buffer.from(value, "utf8"))),
  );
}

function variableArray(elementOid: number, values: Nullable<Uint8Array>): Buffer {
  let body = values.length * lengthBytes;
  let hasNull = false;
  for (const value of values) {
    if (value === null) hasNull = true;
    else body += value.length;
  }
  const array = header(elementOid, values.length, body, hasNull);
  let at = headerBytes;
  for (const value of values) {
    array.writeInt32BE(value === null ? -1 : value.length, at);
    at += lengthBytes;
    if (value === null) continue;
    array.set(value, at);
    at += value.length;
  }
  return array;
}
