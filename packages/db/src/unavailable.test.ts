import { isMillraceError } from "@millrace/engine";
import { expect, test } from "vitest";
import { asUnavailable } from "./unavailable.ts";

const coded = (code: string, message = "x"): Error => Object.assign(new Error(message), { code });

test.each([
  ["a refused connection", coded("ECONNREFUSED")],
  ["a server that goes down", coded("57P01")],
  ["a lost connection", coded("08006")],
  ["too many connections", coded("53300")],
  ["a lock that was not had in time", coded("55P03")],
  ["no free connection of Prisma's", coded("P2024")],
  ["a driver's error without a code", new Error("Connection terminated unexpectedly")],
  ["one of these as a cause", new Error("query failed", { cause: coded("ECONNRESET") })],
  [
    "one of these within Prisma's",
    Object.assign(coded("P2010"), {
      meta: { driverAdapterError: { cause: { originalCode: "57P01", originalMessage: "bye" } } },
    }),
  ],
])("%s may be cured by asking again", (_, error) => {
  const shown = asUnavailable(error);
  expect(isMillraceError(shown) && shown.reason).toBe("UNAVAILABLE");
});

test.each([
  ["a broken constraint", coded("23505")],
  ["a statement that is wrong", coded("42601")],
  ["an error of Prisma's about the statement", coded("P2002")],
  ["any other error", new TypeError("x is not a function")],
  ["what is no error", "text"],
])("%s stays what it is", (_, error) => {
  expect(asUnavailable(error)).toBe(error);
});
