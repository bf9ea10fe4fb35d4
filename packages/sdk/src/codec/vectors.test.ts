/** The vectors that every language's codec must pass: `clients/codec-vectors.json`. */

import { readFileSync } from "node:fs";
import { isMillraceError } from "@millrace/engine";
import { describe, expect, test } from "vitest";
import { resolveArgs } from "../context/args.ts";
import { decodeValue, encodeText } from "./codec.ts";
import type { RunFacts } from "../context/run-facts.ts";

/** A value in words that every language can build it from. */
type Described =
  | { readonly type: "null" | "undefined" }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "string"; readonly codeUnits: readonly number[] }
  | { readonly type: "number"; readonly value: number }
  | { readonly type: "number"; readonly name: "NaN" | "Infinity" | "-Infinity" | "-0" }
  | { readonly type: "bigint"; readonly decimal: string }
  | { readonly type: "date"; readonly epochMs: number }
  | { readonly type: "bytes"; readonly hex: string }
  | { readonly type: "list" | "set"; readonly items: readonly Described[] }
  | { readonly type: "object"; readonly fields: readonly (readonly [string, Described])[] }
  | { readonly type: "map"; readonly entries: readonly (readonly [Described, Described])[] };

type RunVector = {
  readonly id: string;
  readonly name: string;
  readonly dagId: string;
  readonly type: "scheduled" | "manual";
  readonly dagVersion: number;
  readonly logicalDateMs: number | null;
  readonly dataIntervalStartMs: number | null;
  readonly dataIntervalEndMs: number | null;
  readonly runAfterMs: number;
  readonly partitionKey: string | null;
  readonly params: string;
};

type Named = { readonly name: string };
type Vectors = {
  readonly values: readonly (Named & {
    readonly json: string;
    readonly value: Described;
    readonly canonical?: false;
  })[];
  readonly errors: readonly (Named & { readonly json: string; readonly reason: string })[];
  readonly limits: readonly (Named & {
    readonly open?: string;
    readonly inner?: string;
    readonly close?: string;
    readonly levels?: number;
    readonly repeat?: string;
    readonly times?: number;
    readonly reason: string | null;
  })[];
  readonly inputs: Readonly<Record<string, string>>;
  readonly items: Readonly<Record<string, string>>;
  readonly runs: Readonly<Record<string, RunVector>>;
  readonly args: readonly (Named & {
    readonly args: string;
    readonly run: string;
    readonly values: readonly Described[];
  })[];
  readonly argErrors: readonly (Named & { readonly args: string; readonly reason: string })[];
};

const file = new URL("../../../../clients/codec-vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;

const decoded = (texts: Readonly<Record<string, string>>) =>
  new Map(Object.entries(texts).map(([id, json]) => [id, decodeValue(json)] as const));
const inputs = decoded(vectors.inputs);
const items = decoded(vectors.items);

describe("values", () => {
  test.each(vectors.values)("$name is read", ({ json, value }) => {
    expect(decodeValue(json)).toStrictEqual(build(value));
  });

  test.each(vectors.values.filter(({ canonical }) => canonical !== false))(
    "$name is written",
    ({ json, value }) => {
      expect(JSON.parse(encodeText(build(value)))).toStrictEqual(JSON.parse(json));
    },
  );
});

describe("errors", () => {
  test.each(vectors.errors)("$name is refused", ({ json, reason }) => {
    expect(reasonOf(() => decodeValue(json))).toBe(reason);
  });
});

describe("limits", () => {
  test.each(vectors.limits)("$name: $reason", (vector) => {
    const { open = "", inner = "", close = "", levels = 0, repeat = "", times = 0 } = vector;
    const nested = open.repeat(levels) + inner + close.repeat(levels);
    const json = vector.repeat === undefined ? nested : `"${repeat.repeat(times)}"`;
    expect(reasonOf(() => decodeValue(json))).toBe(vector.reason);
  });
});

describe("argument expressions", () => {
  test.each(vectors.args)("$name", ({ args, run, values }) => {
    expect(resolveArgs(args, inputs, factsOf(run), items)).toStrictEqual(values.map(build));
  });

  test.each(vectors.argErrors)("$name is refused", ({ args, reason }) => {
    expect(reasonOf(() => resolveArgs(args, inputs, factsOf("scheduled"), items))).toBe(reason);
  });
});

function build(value: Described): unknown {
  switch (value.type) {
    case "null":
      return null;
    case "undefined":
      return undefined;
    case "boolean":
      return value.value;
    case "string":
      return "value" in value ? value.value : String.fromCharCode(...value.codeUnits);
    case "number":
      return "value" in value ? value.value : Number(value.name);
    case "bigint":
      return BigInt(value.decimal);
    case "date":
      return new Date(value.epochMs);
    case "bytes":
      return Uint8Array.from(Buffer.from(value.hex, "hex"));
    case "list":
      return value.items.map(build);
    case "set":
      return new Set(value.items.map(build));
    case "object":
      return Object.fromEntries(value.fields.map(([key, field]) => [key, build(field)]));
    case "map":
    default:
      return new Map(value.entries.map(([key, entry]) => [build(key), build(entry)]));
  }
}

function factsOf(name: string): RunFacts {
  const run = vectors.runs[name];
  if (run === undefined) throw new Error(`no run "${name}" in the vectors`);
  return {
    id: run.id,
    name: run.name,
    dagId: run.dagId,
    type: run.type,
    dagVersion: run.dagVersion,
    logicalDate: dateOf(run.logicalDateMs),
    dataInterval: { start: dateOf(run.dataIntervalStartMs), end: dateOf(run.dataIntervalEndMs) },
    runAfter: new Date(run.runAfterMs),
    partitionKey: run.partitionKey,
    params: decodeValue(run.params),
  };
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}

function reasonOf(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    if (isMillraceError(error)) return error.reason;
    throw error;
  }
}
