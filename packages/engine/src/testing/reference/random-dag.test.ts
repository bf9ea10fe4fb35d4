import * as fc from "fast-check";
import { expect, test } from "vitest";
import { validateDagSpec } from "../../validate/validate.ts";
import { randomSpec } from "./random-dag.ts";

test("every DAG that the properties play is one that may be registered", () => {
  fc.assert(
    fc.property(randomSpec(60), (spec) => {
      expect(validateDagSpec(spec)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
