/** Large values on their way: those of an assignment are fetched before it begins, those of a result stored before it goes. */

import type { Value } from "@millrace/wire/v1";
import { MillraceError } from "@millrace/engine";
import { isBlobRef, listAt, partAt, readBlobRef, type BlobRef } from "@millrace/wire";
import type { Assignment, Result } from "@millrace/wire/worker";
import { valueBytesMax } from "../limits.ts";
import { fetchedBytesMax, inlineBytesMax } from "./limits.ts";

export type FetchBlob = (ref: BlobRef) => Promise<Uint8Array>;
export type StoreBlob = (data: Uint8Array) => Promise<Uint8Array<ArrayBuffer>>;

type AnyValue = Pick<Value, "data">;

/** Whether anything that an attempt is given is stored elsewhere. Costs next to nothing where not. */
export function refersToBlobs(assignment: Assignment): boolean {
  return givenValues(assignment).some(([, { data }]) => isBlobRef(data) || holdsBlobs(data));
}

/** The assignment with all values in their places. @throws MillraceError VALUE_TOO_LARGE, and what `fetch` throws. */
export async function withFetched(assignment: Assignment, fetch: FetchBlob): Promise<Assignment> {
  const budget = { bytes: 0 };
  const changed = new Map<AnyValue, Uint8Array>();
  for (const [name, value] of givenValues(assignment)) {
    if (isBlobRef(value.data)) changed.set(value, await fetchOne(value.data, name, fetch, budget));
    else if (holdsBlobs(value.data))
      changed.set(value, await fetchList(value.data, name, fetch, budget));
  }
  const swap = <V extends AnyValue>(value: V): V => {
    const data = changed.get(value);
    return data === undefined ? value : { ...value, data };
  };
  const swapAll = (values: Assignment["inputs"]): Assignment["inputs"] =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, swap(value)]));
  const { resumption } = assignment;
  return {
    ...assignment,
    inputs: swapAll(assignment.inputs),
    items: swapAll(assignment.items),
    ...(resumption && {
      resumption: {
        ...resumption,
        ...(resumption.event && { event: swap(resumption.event) }),
        ...(resumption.state && { state: swap(resumption.state) }),
      },
    }),
  };
}

/** Values of other tasks, as they were pulled. @throws MillraceError VALUE_TOO_LARGE, and what `fetch` throws. */
export async function fetchPulled<X extends { readonly data: Uint8Array }>(
  xcoms: readonly X[],
  fetch: FetchBlob,
): Promise<X[]> {
  const budget = { bytes: 0 };
  const fetched: X[] = [];
  for (const xcom of xcoms) {
    const { data } = xcom;
    const whole = isBlobRef(data) ? await fetchOne(data, "what is pulled", fetch, budget) : data;
    fetched.push({ ...xcom, data: whole });
  }
  return fetched;
}

function givenValues({ inputs, items, resumption }: Assignment): [string, AnyValue][] {
  const values: [string, AnyValue][] = [];
  for (const [taskId, value] of Object.entries(inputs))
    values.push([`the result of task "${taskId}"`, value]);
  for (const [key, value] of Object.entries(items)) values.push([`the element "${key}"`, value]);
  if (resumption?.event !== undefined) values.push(["what it waited for", resumption.event]);
  if (resumption?.state !== undefined) values.push(["what it left for itself", resumption.state]);
  return values;
}

const listOpen = 0x5b;
const opening = Buffer.from('{"$":"blob",');

/** Whether a list, which may be that of a mapped task's values, has references among its elements. */
function holdsBlobs(data: Uint8Array): boolean {
  if (data[0] !== listOpen) return false;
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).includes(opening);
}

type Budget = { bytes: number };

async function fetchOne(
  data: Uint8Array,
  name: string,
  fetch: FetchBlob,
  budget: Budget,
): Promise<Uint8Array> {
  const ref = readBlobRef(data);
  if (ref === null)
    throw new MillraceError("VALUE_INVALID", `${name} is a reference that cannot be read`);
  if (ref.path.length > 0) return await fetchPart(ref, name, fetch);
  budget.bytes += ref.size;
  if (budget.bytes > fetchedBytesMax)
    throw new MillraceError(
      "VALUE_TOO_LARGE",
      `${name} brings what the attempt is given to ${budget.bytes} bytes; it may be given ${fetchedBytesMax} of stored values. Return less, or pass addresses.`,
    );
  return await fetch(ref);
}

/** The lists of stored values whose elements were asked for, cut once. They go with the bytes they are cut from. */
const cuts = new WeakMap<Uint8Array, Map<string, ReturnType<typeof listAt>>>();

async function fetchPart(ref: BlobRef, name: string, fetch: FetchBlob): Promise<Uint8Array> {
  const whole = await fetch(ref);
  const last = ref.path.at(-1);
  const path = ref.path.slice(0, -1);
  const part =
    typeof last === "number"
      ? (cutOnce(whole, path)?.at(last) ?? partAt(whole, ref.path))
      : partAt(whole, ref.path);
  if (part !== undefined && part !== null) return part;
  throw new MillraceError(
    "VALUE_INVALID",
    `${name} is gone: there is nothing at ${JSON.stringify(ref.path)} of the stored value ${ref.key}`,
  );
}

function cutOnce(whole: Uint8Array, path: BlobRef["path"]): ReturnType<typeof listAt> {
  const ofValue = cuts.get(whole) ?? new Map<string, ReturnType<typeof listAt>>();
  cuts.set(whole, ofValue);
  const name = JSON.stringify(path);
  let list = ofValue.get(name);
  if (list === undefined) {
    list = listAt(whole, path);
    ofValue.set(name, list);
  }
  return list;
}

async function fetchList(
  data: Uint8Array,
  name: string,
  fetch: FetchBlob,
  budget: Budget,
): Promise<Uint8Array> {
  const list = listAt(data, []);
  if (list === null) return data;
  const parts: Uint8Array[] = [];
  for (let index = 0; index < list.length; index++) {
    const element = list.at(index) ?? new Uint8Array();
    parts.push(Buffer.from(index === 0 ? "[" : ","));
    parts.push(isBlobRef(element) ? await fetchOne(element, name, fetch, budget) : element);
  }
  parts.push(Buffer.from(list.length === 0 ? "[]" : "]"));
  return new Uint8Array(Buffer.concat(parts));
}

/**
 * Whether a result is to be lightened before it can be sent: a value of it is too long to be sent along, or all of them
 * together are.
 */
export function isHeavy(result: Result): boolean {
  return heavyValues(result).length > 0;
}

/** The result with references in the places of its large values. Rejects with what `store` rejects with. */
export async function lightened(result: Result, store: StoreBlob): Promise<Result> {
  const heavy = heavyValues(result);
  const stored = await Promise.all(
    heavy.map(async (value) => [value, await store(value.data)] as const),
  );
  for (const [value, ref] of stored) value.data = ref;
  return result;
}

function heavyValues(result: Result): Value[] {
  const values = leftValues(result);
  let bytes = values.reduce((sum, { data }) => sum + data.length, 0);
  if (bytes <= valueBytesMax) return [];
  const heavy: Value[] = [];
  for (const value of values.toSorted((one, other) => other.data.length - one.data.length)) {
    if (value.data.length <= valueBytesMax && bytes <= inlineBytesMax) break;
    bytes -= value.data.length;
    heavy.push(value);
  }
  return heavy;
}

function leftValues({ outcome, xcoms }: Result): Value[] {
  const values = Object.values(xcoms);
  if (outcome.case === "succeeded" && outcome.value.returnValue !== undefined)
    values.push(outcome.value.returnValue);
  if (outcome.case === "deferred" && outcome.value.state !== undefined)
    values.push(outcome.value.state);
  return values;
}
