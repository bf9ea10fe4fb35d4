/**
 * The values that an attempt is given: those its arguments refer to, and the elements its instance is about. Taken from
 * what is in memory; what is not there says which rows hold it.
 */

import type { InstanceRange, TaskKey } from "@millrace/db";
import {
  inputsOf,
  instanceCount,
  itemsOf,
  type InstanceInput,
  type InstanceItem,
  type InstanceRef,
} from "@millrace/engine";
import { listAt, readBlobRef, writeBlobRef, type JsonList } from "@millrace/wire";
import { instanceKey } from "../runs/instance-key.ts";
import type { Owner } from "../owner.ts";
import type { ActiveRun } from "../runs/run.ts";
import type { Grant } from "../flush/step.ts";
import type { Lacking, ReadValues } from "./value-reads.ts";

type Values = Record<string, { readonly data: Uint8Array }>;

export type AssignmentValues = { readonly inputs: Values; readonly items: Values };

export type Gathered =
  | { readonly kind: "ready"; readonly values: AssignmentValues }
  /** Rows to be read first. */
  | { readonly kind: "lacking"; readonly lacking: Lacking }
  /** It can never be given what it needs. */
  | { readonly kind: "impossible"; readonly message: string };

type Gathering = {
  readonly owner: Owner;
  readonly run: ActiveRun;
  readonly read: ReadValues;
  readonly keys: TaskKey[];
  readonly ranges: InstanceRange[];
  readonly inputs: Values;
  readonly items: Values;
  bytes: number;
};

/** Ends a gathering: the values cannot be had. */
class Impossible extends Error {}

const nothing: AssignmentValues = { inputs: {}, items: {} };
const nothingRead: ReadValues = new Map();

/** `read`: values that were read for this run; the cache may have dropped them again. */
export function gatherValues(owner: Owner, grant: Grant, read = nothingRead): Gathered {
  const { run, ix, mapIx } = grant;
  if (mapIx < 0 && run.version.compiled.inputs[ix]?.length === 0)
    return { kind: "ready", values: nothing };
  const into: Gathering = {
    ...{ owner, run, read, bytes: 0 },
    ...{ keys: [], ranges: [], inputs: {}, items: {} },
  };
  try {
    for (const input of inputsOf(run.engine, { ix, mapIx })) addInput(into, input);
    for (const item of itemsOf(run.engine, { ix, mapIx })) addItem(into, item);
  } catch (error) {
    if (error instanceof Impossible) return { kind: "impossible", message: error.message };
    throw error;
  }
  const { keys, ranges, inputs, items } = into;
  if (keys.length + ranges.length > 0) return { kind: "lacking", lacking: { keys, ranges } };
  return { kind: "ready", values: { inputs, items } };
}

/** `bytes` null: more than could be looked at. */
export function tooLarge(taskId: string, bytes: number | null, max: number): string {
  const size = bytes === null ? `more than ${max} bytes` : `${bytes} bytes`;
  return (
    `The values that it is given, up to those of "${taskId}", have ${size} together, and an attempt is given at ` +
    `most ${max}; return less, or store values elsewhere and return their addresses.`
  );
}

function addInput(into: Gathering, input: InstanceInput): void {
  const { ix, from, isList } = input;
  const taskId = into.run.version.compiled.taskIds[ix] ?? "";
  const data = isList ? joined(into, input, taskId) : valueOf(into, { ix, mapIx: from });
  // A task that returned nothing is not among the inputs.
  if (data !== undefined && data !== null) {
    into.inputs[taskId] = { data };
    count(into, taskId, data.byteLength);
  }
}

function count(into: Gathering, taskId: string, bytes: number): void {
  const max = into.owner.settings.assignmentBytesMax;
  into.bytes += bytes;
  if (into.bytes > max) throw new Impossible(tooLarge(taskId, into.bytes, max));
}

/** Undefined, and noted as lacking, when it is not in memory; null when nothing was returned. */
function valueOf(into: Gathering, ref: InstanceRef): Uint8Array | null | undefined {
  const out = peek(into, ref);
  if (out === undefined) into.keys.push({ runId: into.run.key, ...ref });
  return out;
}

function peek({ owner, run, read }: Gathering, ref: InstanceRef): Uint8Array | null | undefined {
  if (read.size === 0) return owner.outputs.get(run.key, ref);
  const known = read.get(instanceKey(ref));
  return known === undefined ? owner.outputs.get(run.key, ref) : known;
}

/** The values of instances as one list, in the order of their indexes; those that returned nothing are left out. */
function joined(
  into: Gathering,
  { ix, from, to }: InstanceInput,
  taskId: string,
): Uint8Array | undefined {
  const { owner, run } = into;
  const isAll = from === 0 && to === instanceCount(run.engine, ix);
  const known = isAll ? owner.outputs.all(run.key, ix) : undefined;
  if (known !== undefined) return known;
  const values: Uint8Array[] = [];
  let bytes = listEnds;
  for (let mapIx = from; mapIx < to; mapIx += 1) {
    const out = peek(into, { ix, mapIx });
    if (out === undefined) {
      into.ranges.push({ runId: run.key, ix, from, to });
      return undefined;
    }
    if (out === null) continue;
    bytes += out.byteLength + (values.length > 0 ? 1 : 0);
    values.push(out);
  }
  const max = owner.settings.assignmentBytesMax;
  if (into.bytes + bytes > max) throw new Impossible(tooLarge(taskId, into.bytes + bytes, max));
  const list = listOf(values, bytes);
  if (isAll) owner.outputs.putAll(run.key, ix, list);
  return list;
}

/** The brackets of a list. */
const listEnds = 2;

function listOf(values: readonly Uint8Array[], bytes: number): Uint8Array {
  const list = Buffer.allocUnsafe(bytes);
  let at = list.write("[");
  for (const [index, value] of values.entries()) {
    if (index > 0) at += list.write(",", at);
    list.set(value, at);
    at += value.byteLength;
  }
  list.write("]", at);
  return list;
}

function addItem(into: Gathering, { key, source }: InstanceItem): void {
  const data = elementOf(into, source);
  if (data === undefined) return;
  into.items[key] = { data };
  count(into, key, data.byteLength);
}

/** Undefined when its value is lacking. */
function elementOf(into: Gathering, source: InstanceItem["source"]): Uint8Array | undefined {
  const { run } = into;
  switch (source.kind) {
    case "literal":
      return Buffer.from(source.json);
    case "run":
      return present(run.lists.list(source.path)?.at(source.index));
    case "element": {
      const large = elementOfBlob(into, source);
      if (large !== null) return large;
      const list = listOfValue(into, source);
      return list === undefined ? undefined : present(list?.at(source.index));
    }
    case "instance": {
      const out = source.mapIx < 0 ? null : valueOf(into, source);
      return out === undefined ? undefined : present(out);
    }
  }
}

/** An element of a list that is stored elsewhere: a reference to it, which the worker follows. Null when it is not. */
function elementOfBlob(
  into: Gathering,
  source: Extract<InstanceItem["source"], { kind: "element" }>,
): Uint8Array | null {
  const out = peek(into, { ix: source.ix, mapIx: -1 });
  const ref = out ? readBlobRef(out) : null;
  return ref && writeBlobRef({ ...ref, path: [...ref.path, ...source.path, source.index] });
}

function listOfValue(
  into: Gathering,
  { ix, path }: { readonly ix: number; readonly path: readonly (string | number)[] },
): JsonList | null | undefined {
  const ref = { ix, mapIx: -1 };
  const list = into.owner.outputs.list(into.run.key, ref, path);
  if (list !== undefined) return list;
  const out = valueOf(into, ref);
  return out === undefined || out === null ? out : listAt(out, path);
}

function present(element: Uint8Array | null | undefined): Uint8Array {
  if (element !== null && element !== undefined) return element;
  throw new Impossible(
    "The element that it is about is gone: what it is mapped over has been run again, or marked, since it was expanded. Clear that task and those after it.",
  );
}
