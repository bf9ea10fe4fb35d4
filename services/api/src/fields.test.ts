import { expect, test } from "vitest";
import { requireYear } from "./fields.ts";

test.each(["0001-01-01T00:00:00Z", "1700-02-28T00:00:00Z", "9999-12-31T23:59:59.999Z"])(
  "%s is a date",
  (text) => {
    expect(() => requireYear("logical_date", Date.parse(text))).not.toThrow();
  },
);

test.each([Date.parse("0000-12-31T23:59:59.999Z"), 253_402_300_800_000, Number.NaN, -Infinity])(
  "%d lies outside of the years that dates have, and is refused with the field",
  (at) => {
    expect(() => requireYear("logical_date", at)).toThrow(
      "logical_date is not within the years 1 to 9999.",
    );
  },
);
