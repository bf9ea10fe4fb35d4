import * as fc from "fast-check";
import { expect, test } from "vitest";
import { cut } from "./text.ts";

test("text within the limit stays as it is", () => {
  expect(cut("añb", 4)).toBe("añb");
});

test("longer text is cut between characters and ends in an ellipsis", () => {
  expect(cut("aaaaaaaa", 6)).toBe("aaa…");
  expect(cut("ééééé", 8)).toBe("éé…");
});

test("the result is within the limit and begins as the text does, for any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 3, max: 60 }), (text, limit) => {
      // The sign of half a character must come from the cut, not from the text.
      fc.pre(!text.includes("\ufffd"));
      const shown = cut(text, limit);
      expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(Math.max(limit, 3));
      expect(text.startsWith(shown.replace(/…$/, ""))).toBe(true);
      expect(shown).not.toContain("\ufffd");
    }),
  );
});
