import { dagLimits } from "@millrace/engine";
import { expect, test } from "vitest";
import { instanceKey } from "./instance-key.ts";

test("no two task instances of the largest run have the same key", () => {
  const last = { ix: dagLimits.tasks - 1, mapIx: dagLimits.mapLength - 1 };
  expect(instanceKey({ ix: dagLimits.tasks - 1, mapIx: -1 })).toBeLessThan(
    instanceKey({ ix: 0, mapIx: 0 }),
  );
  expect(instanceKey({ ix: dagLimits.tasks - 1, mapIx: 0 })).toBeLessThan(
    instanceKey({ ix: 0, mapIx: 1 }),
  );
  expect(Number.isSafeInteger(instanceKey(last))).toBe(true);
});
