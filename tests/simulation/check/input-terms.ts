/** What the terms of inputs ask for, and whether it is there, by the documentation's rules and simple sums, in UTC alone. */

import type { DatedAsset, InputTerm } from "@millrace/engine";

export type Instance = { readonly uri: string; readonly key: string; readonly at: number };

/** What is known at a moment. */
export type Known = {
  /** From where steps are counted. */
  readonly reference: number;
  /** When the run was made. */
  readonly since: number;
  readonly now: number;
  /** When an instance came; null when it has not. */
  cameAt(uri: string, key: string): number | null;
};

export type Verdict = {
  readonly state: "there" | "waits" | "lacks";
  readonly instances: readonly Instance[];
  /** By name. */
  readonly named: ReadonlyMap<string, readonly Instance[]>;
};

type Enough = { readonly min: number | null; readonly waitMs: number | null };
type Leaf = Extract<InputTerm, { kind: "instances" | "latest" }>;

const minuteMs = 60_000;

function stepOf({ every }: DatedAsset): number {
  return every.startsWith("*/5 ") ? 5 * minuteMs : minuteMs;
}

function instancesOf(leaf: Leaf, reference: number): Instance[] {
  const { of } = leaf;
  const step = stepOf(of);
  const newest = Math.floor(reference / step) * step;
  const [from, to] = leaf.kind === "latest" ? [1 - leaf.within, 0] : [leaf.from, leaf.to];
  return Array.from({ length: to - from + 1 }, (_, n) => newest + (from + n) * step)
    .filter((at) => of.from === null || at >= of.from)
    .map((at) => ({ uri: of.asset.uri, key: new Date(at).toISOString().slice(0, 16), at }));
}

/** Every instance that a term asks about. */
export function askedBy(term: InputTerm, reference: number): Instance[] {
  if ("terms" in term) return term.terms.flatMap((part) => askedBy(part, reference));
  return instancesOf(term, reference);
}

/** Every time that a term waits for. */
export function waitsOf(term: InputTerm): number[] {
  const below = "terms" in term ? term.terms.flatMap(waitsOf) : [];
  return term.waitMs === null ? below : [term.waitMs, ...below];
}

export function namesOf(term: InputTerm): string[] {
  const below = "terms" in term ? term.terms.flatMap(namesOf) : [];
  return term.name === "" ? below : [term.name, ...below];
}

/** By the terms around it a term may have what is enough. */
export function judge(
  term: InputTerm,
  known: Known,
  around: Enough = { min: null, waitMs: null },
): Verdict {
  const enough = { min: term.min ?? around.min, waitMs: term.waitMs ?? around.waitMs };
  const verdict = judgeUnnamed(term, known, enough);
  if (term.name === "" || verdict.state !== "there") return verdict;
  return { ...verdict, named: new Map([...verdict.named, [term.name, verdict.instances]]) };
}

function judgeUnnamed(term: InputTerm, known: Known, enough: Enough): Verdict {
  switch (term.kind) {
    case "instances":
    case "latest":
      return judgeSet(term, [term], known, enough);
    case "combine":
      return judgeSet(term, term.terms as Leaf[], known, enough);
    case "all_of": {
      const parts = term.terms.map((part) => judge(part, known, enough));
      const states = parts.map((part) => part.state);
      return {
        state: states.includes("lacks") ? "lacks" : states.includes("waits") ? "waits" : "there",
        instances: parts.flatMap((part) => part.instances),
        named: new Map(parts.flatMap((part) => [...part.named])),
      };
    }
    case "first_of": {
      for (const [at, part] of term.terms.entries()) {
        const verdict = judge(part, known, enough);
        if (verdict.state !== "lacks") return verdict;
        const min = part.min ?? enough.min;
        const waitMs = part.waitMs ?? enough.waitMs;
        const isLast = at === term.terms.length - 1;
        // Preferred for a while from when the run was made.
        if (min === null && waitMs !== null && !isLast && known.now < known.since + waitMs)
          return nothing("waits");
      }
      return nothing("lacks");
    }
  }
}

function nothing(state: Verdict["state"]): Verdict {
  return { state, instances: [], named: new Map() };
}

/** The leaves of a combination have the same dates; what the first lacks is taken from the next. */
function judgeSet(
  term: InputTerm,
  leaves: readonly Leaf[],
  known: Known,
  { min, waitMs }: Enough,
): Verdict {
  const asked = leaves.flatMap((leaf) => instancesOf(leaf, known.reference));
  const dates = [...new Set(asked.map(({ at }) => at))].toSorted((a, b) => a - b);
  const found = dates.flatMap((date) => {
    const options = asked.filter(({ at }) => at === date);
    const there = options.filter(({ uri, key }) => known.cameAt(uri, key) !== null);
    const times = there.map(({ uri, key }) => known.cameAt(uri, key)!);
    return there.length === 0 ? [] : [{ instance: there[0]!, cameAt: Math.min(...times) }];
  });
  const want = term.kind === "latest" ? Math.min(term.count, dates.length) : dates.length;
  const need = Math.min(min ?? want, want);
  const instances = found.map(({ instance }) => instance);
  const all: Verdict = {
    ...{ state: "there", named: new Map() },
    instances: term.kind === "latest" ? instances.slice(instances.length - want) : instances,
  };
  if (found.length >= want) return { ...all, instances: want === 0 ? [] : all.instances };
  if (found.length < need) return nothing("lacks");
  const times = found.map(({ cameAt }) => cameAt).toSorted((a, b) => a - b);
  const since = Math.max(known.since, need === 0 ? known.since : times[need - 1]!);
  return known.now < since + (waitMs ?? 0) ? nothing("waits") : { ...all, instances };
}
