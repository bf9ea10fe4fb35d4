/** Builders for tests of inputs. */

import type { DatedAsset, InputTerm } from "./input.ts";

export const hourMs = 3_600_000;
/** Where data intervals end, where nothing else is said. */
export const midnight = Date.UTC(2026, 0, 2);

export function hourly(uri: string, options: Partial<DatedAsset> = {}): DatedAsset {
  return {
    asset: { kind: "asset", uri, name: uri, group: "asset", extra: "" },
    every: "@hourly",
    timezone: "UTC",
    format: "YYYY-MM-DDTHH",
    from: null,
    ...options,
  };
}

type Enough = { readonly name?: string; readonly min?: number; readonly waitMs?: number };

function enough({ name = "", min, waitMs }: Enough) {
  return { name, min: min ?? null, waitMs: waitMs ?? null };
}

export function range(of: DatedAsset, from: number, to: number, options: Enough = {}): InputTerm {
  return { kind: "instances", of, from, to, ...enough(options) };
}

export function newest(
  of: DatedAsset,
  count: number,
  within: number,
  options: Enough = {},
): InputTerm {
  return { kind: "latest", of, count, within, ...enough(options) };
}

export function joined(
  kind: "all_of" | "first_of" | "combine",
  terms: readonly InputTerm[],
  options: Enough = {},
): InputTerm {
  return { kind, terms, ...enough(options) };
}
