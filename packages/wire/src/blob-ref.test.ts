import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isBlobRef, parseBlobKey, readBlobRef, writeBlobRef, type BlobRef } from "./blob-ref.ts";
import { partAt } from "./json-list.ts";

type Vectors = {
  readonly blobs: readonly {
    readonly name: string;
    readonly json: string;
    readonly ref: BlobRef | null;
  }[];
  readonly blobParts: readonly {
    readonly name: string;
    readonly content: string;
    readonly path: readonly (string | number)[];
    readonly part: string | null;
  }[];
};

const file = new URL("../../../clients/codec-vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;
const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (data: Uint8Array | null) => (data === null ? null : new TextDecoder().decode(data));

describe("references", () => {
  test.each(vectors.blobs)("$name is read as what it is", ({ json, ref }) => {
    expect(readBlobRef(bytes(json))).toEqual(ref);
  });

  test.each(vectors.blobs.filter(({ ref }) => ref !== null))("$name is written", (vector) => {
    expect(textOf(writeBlobRef(vector.ref!))).toBe(vector.json);
  });

  test("are known by their first bytes, whatever follows", () => {
    expect(isBlobRef(bytes('{"$":"blob",'))).toBe(true);
    expect(isBlobRef(bytes('{"$":"blob"'))).toBe(false);
    expect(isBlobRef(bytes('{"$":"blobs","v":1}'))).toBe(false);
    expect(isBlobRef(bytes(`{"$":"blob",${" ".repeat(64 * 1024)}`))).toBe(false);
  });
});

describe("the part of a stored value", () => {
  test.each(vectors.blobParts)("$name", ({ content, path, part }) => {
    expect(textOf(partAt(bytes(content), path))).toBe(part);
  });
});

const digest = "0123456789abcdef".repeat(4);

test.each([
  "",
  "/",
  "run_1",
  "run_1/",
  `run_1/${digest}/`,
  `run_1//${digest}`,
  `run_1/../${digest}`,
  `../run_1/${digest}`,
  `/run_1/${digest}`,
  `run_1/${digest.toUpperCase()}`,
  `run_1/${digest}\n`,
  `run_1\\${digest}`,
  `run_0/${digest}`,
  `RUN_1/${digest}`,
  `run_${"z".repeat(12)}/${digest}`,
])("%j is no key", (key) => {
  expect(parseBlobKey(key)).toBeNull();
});

test("a key names a run and a digest", () => {
  expect(parseBlobKey(`run_1c/${digest}`)).toEqual({ runId: "run_1c", runKey: 48, digest });
});
