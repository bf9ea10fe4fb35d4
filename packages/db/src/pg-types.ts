/** How values of Postgres arrive in TypeScript. */

import { TypeOverrides } from "pg";

const int8 = 20;
const int8Array = 1016;

/**
 * The driver's parsers, but int8 as number: ids and sequences here stay below 2^53 (the tables check it).
 * timestamptz arrives as Date, bytea as Buffer.
 */
export function pgTypes(): TypeOverrides {
  const types = new TypeOverrides();
  types.setTypeParser(int8, Number);
  types.setTypeParser(int8Array, (text: string) => {
    const inner = text.slice(1, -1);
    return inner === ""
      ? []
      : inner.split(",").map((item) => (item === "NULL" ? null : Number(item)));
  });
  return types;
}
