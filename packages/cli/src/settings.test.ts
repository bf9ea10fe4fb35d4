import { expect, test } from "vitest";
import { blobStoreOf, settings } from "./settings.ts";

const stateDir = "/srv/mill race";

test("large values are kept in the state folder, unless nodes that do not share it are several", () => {
  const none = { blobStore: undefined, natsUrl: undefined, stateDir };
  expect(blobStoreOf(none)).toBe("file:///srv/mill%20race/blobs");
  expect(blobStoreOf({ ...none, natsUrl: "nats://a" })).toBeNull();
  const blobStore = "file:///shared/blobs";
  expect(blobStoreOf({ blobStore, natsUrl: "nats://a", stateDir })).toBe(blobStore);
});

test.each(["s3://bucket", "/shared/blobs", "file:"])("%s is no place for them", (blobStore) => {
  expect(settings.safeParse({ blobStore }).success).toBe(false);
});
