import { create } from "@bufbuild/protobuf";
import { isMillraceError } from "@millrace/engine";
import { readBlobRef, writeBlobRef, type BlobRef } from "@millrace/wire";
import {
  AssignmentSchema,
  ResultSchema,
  type Assignment,
  type Result,
} from "@millrace/wire/worker";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeValue, encodeValue } from "../codec/codec.ts";
import { blobBytesMax, valueBytesMax } from "../limits.ts";
import { decodeInputs } from "./inputs.ts";
import { isHeavy, lightened, refersToBlobs, withFetched } from "./large-values.ts";
import { fetchedBytesMax, inlineBytesMax } from "./limits.ts";
import { FakeBlobs } from "./testing/fake-blobs.ts";

const json = (value: unknown) => ({ data: new TextEncoder().encode(JSON.stringify(value)) });
const textOf = ({ data }: { readonly data: Uint8Array }) => new TextDecoder().decode(data);

function aStore() {
  const blobs = new FakeBlobs();
  const fetched: string[] = [];
  const fetch = ({ key }: BlobRef): Promise<Uint8Array> => {
    fetched.push(key);
    return Promise.resolve(blobs.stored.get(key)!);
  };
  const store = (data: Uint8Array): Promise<Uint8Array<ArrayBuffer>> =>
    Promise.resolve(blobs.put(new TextDecoder().decode(data)).data);
  return { blobs, fetched, fetch, store };
}

const assigned = (more: Parameters<typeof create<typeof AssignmentSchema>>[1]): Assignment =>
  create(AssignmentSchema, more);

describe("an assignment", () => {
  test("without references stays as it is", () => {
    const looksLikeOne = { $: "object", v: { $: "blob", v: { key: "k", size: 1 } } };
    const inputs = { a: json({ rows: [1] }), b: json([looksLikeOne]), c: json('{"$":"blob",') };
    expect(refersToBlobs(assigned({ inputs: { a: inputs.a, c: inputs.c } }))).toBe(false);
    expect(refersToBlobs(assigned({}))).toBe(false);
    // It is looked at more closely, and found to be none.
    const given = assigned({ inputs });
    return expect(
      withFetched(given, () => Promise.reject(new Error("nothing is to be fetched"))),
    ).resolves.toMatchObject({ inputs });
  });

  test("gets the values of inputs, of elements, of what it waited for and left for itself", async () => {
    const { blobs, fetch } = aStore();
    const given = assigned({
      inputs: { whole: blobs.put('{"n":1}'), plain: json(2) },
      items: { "score/0": blobs.put("[10,20,30]", [2]), "score/1": blobs.put("[7]") },
      resumption: { event: blobs.put('"came"'), state: blobs.put('"left"') },
    });
    expect(refersToBlobs(given)).toBe(true);
    const { inputs, items, resumption } = await withFetched(given, fetch);
    expect(textOf(inputs["whole"]!)).toBe('{"n":1}');
    expect(textOf(inputs["plain"]!)).toBe("2");
    expect(textOf(items["score/0"]!)).toBe("30");
    expect(textOf(items["score/1"]!)).toBe("[7]");
    expect([resumption!.event!, resumption!.state!].map(textOf)).toEqual(['"came"', '"left"']);
  });

  test("gets a mapped task's values as one list, stored ones among the others", async () => {
    const { blobs, fetch } = aStore();
    const [one, two] = [blobs.put('"one"'), blobs.put("[2]")];
    const list = `[${textOf(one)},{"n":1} , ${textOf(two)}]`;
    const given = assigned({ inputs: { score: { data: new TextEncoder().encode(list) } } });
    expect(refersToBlobs(given)).toBe(true);
    const { inputs } = await withFetched(given, fetch);
    expect(JSON.parse(textOf(inputs["score"]!))).toEqual(["one", { n: 1 }, [2]]);
  });

  test("names the value that is gone, or cannot be read", async () => {
    const { blobs, fetch } = aStore();
    const beyond = assigned({ items: { "score/0": blobs.put("[1]", [5]) } });
    await expect(withFetched(beyond, fetch)).rejects.toThrow('the element "score/0" is gone');
    const odd = assigned({
      inputs: { up: { data: new TextEncoder().encode('{"$":"blob","v":1}') } },
    });
    await expect(withFetched(odd, fetch)).rejects.toThrow(
      'the result of task "up" is a reference that cannot be read',
    );
  });

  test("is refused before anything is fetched that would be too much", async () => {
    const { fetch, fetched } = aStore();
    const key = `run_1/${"0".repeat(64)}`;
    const large = { data: writeBlobRef({ key, size: fetchedBytesMax + 1, path: [] }) };
    const error: unknown = await withFetched(assigned({ inputs: { up: large } }), fetch).catch(
      (thrown: unknown) => thrown,
    );
    expect(isMillraceError(error) && error.reason).toBe("VALUE_TOO_LARGE");
    expect(fetched).toEqual([]);
  });
});

const bytes = (length: number): { data: Uint8Array<ArrayBuffer> } => json("x".repeat(length - 2));

const reported = (value: number, xcoms: Record<string, number> = {}): Result =>
  create(ResultSchema, {
    outcome: { case: "succeeded", value: { returnValue: bytes(value) } },
    xcoms: Object.fromEntries(Object.entries(xcoms).map(([key, length]) => [key, bytes(length)])),
  });

describe("a result", () => {
  test("goes as it is up to 256 KiB a value and 1 MiB together", () => {
    expect(isHeavy(reported(valueBytesMax))).toBe(false);
    expect(isHeavy(reported(10, { a: valueBytesMax, b: valueBytesMax, c: 100 }))).toBe(false);
    expect(isHeavy(create(ResultSchema, { outcome: { case: "skipped", value: {} } }))).toBe(false);
  });

  test("gets references for what is longer, and for the largest until the rest fits", async () => {
    const { blobs, store } = aStore();
    const result = reported(valueBytesMax + 1, { small: 100 });
    expect(isHeavy(result)).toBe(true);
    const light = await lightened(result, store);
    const { outcome, xcoms } = light;
    const value = outcome.case === "succeeded" ? outcome.value.returnValue!.data : null;
    expect(readBlobRef(value!)).toMatchObject({ size: valueBytesMax + 1 });
    expect(xcoms["small"]!.data).toHaveLength(100);
    expect(blobs.stored.size).toBe(1);

    const many = Object.fromEntries(
      Array.from({ length: 6 }, (_, n) => [`k${n}`, valueBytesMax - n]),
    );
    const rest = await lightened(reported(10, many), store);
    const lengths = Object.values(rest.xcoms).map(({ data }) => data.length);
    const inline = lengths.filter((length) => length > 1_000);
    expect(inline).toHaveLength(4);
    expect(inline.reduce((sum, length) => sum + length)).toBeLessThanOrEqual(inlineBytesMax);
  });

  test("of a task that waits, or failed, is no exception", () => {
    const deferred = create(ResultSchema, {
      outcome: { case: "deferred", value: { state: bytes(300_000) } },
    });
    const failed = create(ResultSchema, {
      outcome: { case: "failed", value: {} },
      xcoms: { rows: bytes(300_000) },
    });
    expect([isHeavy(deferred), isHeavy(failed)]).toEqual([true, true]);
  });
});

describe("a value of any size", () => {
  /** Around the limit above which it is stored elsewhere. */
  const size = fc.oneof(
    fc.integer({ min: 0, max: 100 }),
    fc.integer({ min: valueBytesMax - 40, max: valueBytesMax + 40 }),
    fc.integer({ min: valueBytesMax, max: 2_000_000 }),
  );
  const small = fc.oneof(
    fc.string({ unit: "binary", maxLength: 10 }),
    fc.double(),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.constantFrom(null, undefined, { $: "blob", v: { key: "run_1/x", size: 3 } }, { $: 1 }),
  );
  const value = fc.tuple(size, small, small).chain(([length, one, two]) =>
    fc
      .constantFrom<(filler: string) => unknown>(
        (filler) => filler,
        (filler) => [one, filler, two],
        (filler) => ({ $: one, filler, two }),
        (filler) => new Map([[one, [filler, two]]]),
        (filler) => new Uint8Array(Buffer.from(filler)),
      )
      .map((shape) => shape("é".repeat(length / 2))),
  );

  test("goes to another task and comes as it was", async () => {
    await fc.assert(
      fc.asyncProperty(value, async (left) => {
        const { store, fetch } = aStore();
        const data = encodeValue(left, "the value", blobBytesMax);
        const result = create(ResultSchema, {
          outcome: { case: "succeeded", value: { returnValue: { data } } },
        });
        const { outcome } = await lightened(result, store);
        const sent = outcome.case === "succeeded" ? outcome.value.returnValue! : json(null);
        expect(sent.data.length).toBeLessThanOrEqual(valueBytesMax);
        const { inputs } = await withFetched(assigned({ inputs: { up: sent } }), fetch);
        const taken = decodeInputs({ up: inputs["up"]!.data }, () => "up").get("up");
        expect(taken).toStrictEqual(left);
        expect(decodeValue(inputs["up"]!.data, "up", blobBytesMax)).toStrictEqual(left);
      }),
      { numRuns: 60 },
    );
  });
});
