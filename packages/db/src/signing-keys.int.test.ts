import { expect, test } from "vitest";

import { readSigningKey } from "./signing-keys.ts";
import { testDatabase } from "./testing.ts";

test("everybody who asks for a key gets the same one, at once or later, and names differ", async () => {
  await using database = await testDatabase();
  const asked = Array.from({ length: 8 }, () => readSigningKey(database.db, "task-tokens"));

  const keys = new Set((await Promise.all(asked)).map((key) => Buffer.from(key).toString("hex")));
  const again = Buffer.from(await readSigningKey(database.db, "task-tokens")).toString("hex");
  const other = Buffer.from(await readSigningKey(database.db, "other")).toString("hex");

  expect([...keys]).toEqual([again]);
  expect(again).toHaveLength(64);
  expect(other).not.toBe(again);
});
