/** The values that an attempt is given: those its arguments refer to, and the elements its instance is about. */

import type { InstanceInput, InstanceRef, ItemSource, Run } from "@millrace/engine";
import { inputsOf, itemsOf } from "@millrace/engine";
import type { RunFacts } from "@millrace/sdk/spec";
import { blobBytesMax, decodeValue, encodeValue, follow, valueOfRun } from "@millrace/sdk/spec";
import type { Records } from "./records.ts";

type Values = Readonly<Record<string, Uint8Array>>;

/** Where values of a run are. */
export type Sources = { readonly run: Run; readonly facts: RunFacts; readonly records: Records };

const goneElement =
  "The element that it is about is gone: what it is mapped over has been run again, or marked, since it was expanded. " +
  "Clear that task and those after it.";

/** @throws Error for an element that is gone. */
export function valuesFor(from: Sources, ref: InstanceRef): { inputs: Values; items: Values } {
  const inputs: Record<string, Uint8Array> = {};
  for (const input of inputsOf(from.run, ref)) {
    const data = inputData(from, input);
    // A task that returned nothing is not among the inputs.
    if (data !== null) inputs[from.run.dag.taskIds[input.ix] ?? ""] = data;
  }
  const items: Record<string, Uint8Array> = {};
  for (const { key, source } of itemsOf(from.run, ref)) items[key] = itemData(from, key, source);
  return { inputs, items };
}

function inputData({ records }: Sources, { ix, from, to, isList }: InstanceInput) {
  return isList ? listOf(records, ix, from, to) : records.peek({ ix, mapIx: from }).out;
}

/** The values of instances as one list, in the order of their indexes; those that returned nothing are left out. */
function listOf(records: Records, ix: number, from: number, to: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let mapIx = from; mapIx < to; mapIx += 1) {
    const { out } = records.peek({ ix, mapIx });
    if (out !== null) parts.push(parts.length > 0 ? comma : bracket, out);
  }
  return parts.length > 0 ? Buffer.concat([...parts, closing]) : emptyList;
}

const [bracket, comma, closing, emptyList] = ["[", ",", "]", "[]"].map((text) =>
  Buffer.from(text),
) as [Buffer, Buffer, Buffer, Buffer];

function itemData({ facts, records }: Sources, key: string, source: ItemSource): Uint8Array {
  switch (source.kind) {
    case "literal":
      return Buffer.from(source.json);
    case "run":
      return elementOf(follow(valueOfRun(facts), source.path), source.index, key);
    case "element": {
      const { out } = records.peek({ ix: source.ix, mapIx: -1 });
      if (out === null) throw new Error(goneElement);
      return elementOf(follow(decoded(out), source.path), source.index, key);
    }
    case "instance": {
      const { out } = records.peek({ ix: source.ix, mapIx: source.mapIx });
      if (source.mapIx < 0 || out === null) throw new Error(goneElement);
      return out;
    }
  }
}

/** One list is asked for as many elements as it has. */
const lists = new WeakMap<Uint8Array, unknown>();

function decoded(data: Uint8Array): unknown {
  if (!lists.has(data))
    lists.set(data, decodeValue(data, "what the task is mapped over", blobBytesMax));
  return lists.get(data);
}

function elementOf(list: unknown, index: number, key: string): Uint8Array {
  if (!Array.isArray(list) || index >= list.length) throw new Error(goneElement);
  return encodeValue(list[index], `the element "${key}"`, blobBytesMax);
}
