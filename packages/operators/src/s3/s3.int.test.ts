/** Against a double of the protocol: the client is the real one of AWS, signatures and pages included. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startS3, type S3Server } from "../testing/s3-server.ts";
import { toldBy } from "../testing/fired.ts";
import { s3Target } from "../targets/s3.ts";
import { s3Trigger, readS3Watch, type S3Event } from "./trigger.ts";
import { cursorAfter, freshOf, watchS3 } from "./watch.ts";

const never = new AbortController().signal;
let s3: S3Server;
const before: Record<string, string | undefined> = {};
beforeAll(async () => {
  s3 = await startS3();
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
    before[name] = process.env[name];
    process.env[name] = "test";
  }
});
afterAll(async () => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await s3[Symbol.asyncDispose]();
});
beforeEach(() => {
  s3.status = 0;
});

const watchOf = (url: string, suffix = "") =>
  readS3Watch({ url, suffix, intervalMs: 1000, where: { endpoint: s3.endpoint } });

describe("objects under a prefix", () => {
  test("what is there when an asset's watcher begins is not told; what is new or written anew is", async () => {
    for (const n of [1, 2, 3]) s3.put(`in/${n}.csv`, "old");
    const watch = watchOf("s3://orders/in/", ".csv");
    const begun = toldBy<S3Event>(await watchS3(watch, { signal: never, cursor: null }));
    expect(begun.events).toEqual([]);
    s3.put("in/4.csv", "new");
    s3.put("in/2.csv", "written anew");
    s3.put("in/5.txt", "of no interest");
    const first = toldBy<S3Event>(await watchS3(watch, { signal: never, cursor: begun.cursor }));
    expect(first.events.map(({ key }) => key)).toEqual(["in/2.csv", "in/4.csv"]);
    expect(first.events[1]).toMatchObject({
      bucket: "orders",
      size: 3,
      etag: "22af645d1859cb5ca6da0c484f1f37ea",
      modifiedAt: expect.any(Date) as Date,
    });
    const waiting = watchS3(watch, { signal: never, cursor: first.cursor });
    s3.put("in/6.csv", "later");
    expect(toldBy<S3Event>(await waiting).events.map(({ key }) => key)).toEqual(["in/6.csv"]);
  });

  test("a task that waits gets one that is there", async () => {
    s3.put("done/x", "1");
    expect(await watchS3(watchOf("s3://orders/done/"), { signal: never })).toMatchObject({
      key: "done/x",
    });
  });

  test("a refusal fails the watch", async () => {
    s3.status = 403;
    await expect(watchS3(watchOf("s3://orders/"), { signal: never })).rejects.toThrow();
  });
});

describe("what was told", () => {
  const object = (key: string, second: number, etag = "e"): S3Event => ({
    ...{ bucket: "b", key, size: 1, etag },
    modifiedAt: new Date(second * 1000),
  });
  const many = Array.from({ length: 5000 }, (_, n) => object(`k${n}`, n));

  test("of more objects than can be remembered, the old ones count as told", () => {
    const cursor = cursorAfter(null, many, []);
    expect(cursor.known).toHaveLength(3000);
    expect(freshOf(cursor, many)).toEqual([]);
    expect(freshOf(cursor, [...many, object("k9", 5001, "new")])).toHaveLength(1);
  });

  test("none that was not told yet is forgotten, also one that appears with an old time", () => {
    const old = object("late", 10);
    const begun = cursorAfter(null, many.slice(0, 100), []);
    const fresh = freshOf(begun, [...many.slice(0, 100), old]);
    expect(fresh).toEqual([old]);
    const left = cursorAfter(begun, [...many, old], [old]);
    expect(freshOf(left, [...many, old])).toContainEqual(old);
  });
});

describe("an object as a target", () => {
  test("exists or not, and is read", async () => {
    const where = { endpoint: s3.endpoint };
    s3.put("out/rows.json", "[1,2]");
    const target = s3Target("s3://orders/out/rows.json", {
      ...where,
      read: (text) => JSON.parse(text) as number[],
    });
    expect(target.name).toBe("s3://orders/out/rows.json");
    expect(await target.exists()).toBe(true);
    expect(await target.read()).toEqual([1, 2]);
    expect(await s3Target("s3://orders/out/none", where).exists()).toBe(false);
    s3.status = 403;
    await expect(s3Target("s3://orders/out/none", where).exists()).rejects.toThrow();
  });
});

test.each([
  ["https://a", 's3Trigger: url is "https://a"; it must be s3://bucket/key'],
  ["s3://B/x", 's3Trigger: url is "s3://B/x"'],
])("a wrong URL is refused: %s", (url, message) => {
  expect(() => s3Trigger({ url })).toThrow(message);
});

test("looking too often is refused", () => {
  expect(() => s3Trigger({ url: "s3://orders/", interval: "1ms" })).toThrow(
    's3Trigger: interval is "1ms"; it must be a duration of at least one second',
  );
});
