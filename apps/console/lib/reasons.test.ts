import { expect, test } from "vitest";
import { ReasonKindSchema, type ReasonKind } from "@millrace/wire/v1";
import { reasonWords } from "./reasons.ts";

test("every kind of reason that the api can give has words of its own", () => {
  const unknown = reasonWords(0).gate;
  const wordless = ReasonKindSchema.values.filter(
    ({ number }) => number !== 0 && reasonWords(number as ReasonKind).gate === unknown,
  );
  expect(wordless.map(({ name }) => name)).toEqual([]);
});
