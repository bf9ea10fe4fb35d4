/** Whether the inputs of a run are there: the one function that the scheduler, the api and tests ask. */

import type { EpochMs } from "../spec/spec.ts";
import { keyOf, type Asked, type AskedSet } from "./ask.ts";
import { inputLimits, type DatedInstance, type InputTerm, type RunInstances } from "./input.ts";
import { namesOfTerm } from "./terms.ts";

/** When an instance came; null while it has not. */
export type InstanceAt = (uri: string, partitionKey: string) => EpochMs | null;

/** `since`: when the run was made. */
export type InputClock = { readonly now: EpochMs; readonly since: EpochMs };

/**
 * `waits`: it has what is enough, or is preferred, and those after it have to wait for it. `lacks`: something is missing that
 * only comes from outside.
 */
export type InputState = "holds" | "waits" | "lacks";

/** What is there of one set. */
export type SetProgress = {
  /** Its name, or the nearest around it. */
  readonly name: string;
  readonly uris: readonly string[];
  readonly state: InputState;
  readonly have: number;
  readonly want: number;
  readonly need: number;
  /** Until when it waits for more, or is preferred. */
  readonly until: EpochMs | null;
  /** The first of what is missing; of the newest that exist nothing is. */
  readonly missing: readonly DatedInstance[];
  readonly isLatest: boolean;
  /** Among alternatives which one, from 1; 0 where it is none. */
  readonly choice: number;
};

export type InputJudgement = {
  readonly state: InputState;
  /** When it may change although nothing comes; null for never. */
  readonly until: EpochMs | null;
  /** By name, where it holds; empty for names that were not chosen. */
  readonly chosen: RunInstances;
  readonly sets: readonly SetProgress[];
};

/** What a run waits for: as it was judged last, and when it fails; null for never. */
export type InputsWait = {
  readonly judged: Pick<InputJudgement, "state" | "sets">;
  readonly timeoutAt: EpochMs | null;
};

/** Judges anew from what is there now: it remembers nothing, so that another process comes to the same. */
export function judgeInputs(asked: Asked, found: InstanceAt, clock: InputClock): InputJudgement {
  const { state, until, named, sets } = judge(asked, found, clock, 0);
  const chosen: Record<string, readonly DatedInstance[]> = {};
  for (const name of namesOf(asked))
    chosen[name] = state === "holds" ? (named.get(name) ?? []) : [];
  return { state, until, chosen, sets };
}

/** Every name, with nothing: of a run that is not to wait. */
export function noInstances(term: InputTerm): RunInstances {
  return Object.fromEntries(namesOfTerm(term).map((name) => [name, []]));
}

function namesOf(asked: Asked): string[] {
  const own = asked.name === "" ? [] : [asked.name];
  return asked.kind === "set" ? own : [...new Set([...own, ...asked.parts.flatMap(namesOf)])];
}

type Judged = {
  readonly state: InputState;
  readonly until: EpochMs | null;
  /** Of what holds: its instances, and those of the names within. */
  readonly instances: readonly DatedInstance[];
  readonly named: ReadonlyMap<string, readonly DatedInstance[]>;
  readonly sets: readonly SetProgress[];
};

const noNames: Judged["named"] = new Map();

function judge(asked: Asked, found: InstanceAt, clock: InputClock, choice: number): Judged {
  const judged =
    asked.kind === "set"
      ? judgeSet(asked, found, clock, choice)
      : asked.kind === "all_of"
        ? judgeAll(asked.parts.map((part) => judge(part, found, clock, choice)))
        : judgeFirst(asked, found, clock);
  if (asked.name === "" || judged.state !== "holds") return judged;
  const instances = judged.instances.toSorted((a, b) => a.date - b.date);
  return { ...judged, named: new Map([...judged.named, [asked.name, instances]]) };
}

function judgeAll(parts: readonly Judged[]): Judged {
  const state = parts.some((part) => part.state === "lacks")
    ? "lacks"
    : parts.some((part) => part.state === "waits")
      ? "waits"
      : "holds";
  return {
    state,
    until: earliest(parts.map((part) => part.until)),
    instances: parts.flatMap((part) => part.instances),
    named: new Map(parts.flatMap((part) => [...part.named])),
    sets: parts.flatMap((part) => part.sets),
  };
}

/** The first alternative that does not lack anything decides; one that is preferred for a time holds back those after it. */
function judgeFirst(
  { parts, preferMs }: Extract<Asked, { kind: "all_of" | "first_of" }>,
  found: InstanceAt,
  clock: InputClock,
): Judged {
  const judged = parts.map((part, n) => {
    const own = judge(part, found, clock, n + 1);
    const prefer = preferMs[n] ?? null;
    // Nobody is behind the last one.
    const isPreferred = own.state === "lacks" && prefer !== null && n < parts.length - 1;
    const until = clock.since + (prefer ?? 0);
    return isPreferred && clock.now < until ? preferred(own, until) : own;
  });
  const first = judged.find((part) => part.state !== "lacks");
  const sets = judged.flatMap((part) => part.sets);
  if (first !== undefined) return { ...first, sets };
  const until = earliest(judged.map((part) => part.until));
  return { state: "lacks", until, instances: [], named: noNames, sets };
}

function preferred(judged: Judged, until: EpochMs): Judged {
  return {
    ...judged,
    state: "waits",
    until: earliest([judged.until, until]),
    sets: judged.sets.map((set) =>
      set.state === "lacks" ? { ...set, until: set.until ?? until } : set,
    ),
  };
}

function judgeSet(set: AskedSet, found: InstanceAt, clock: InputClock, choice: number): Judged {
  const { want, need, waitMs, isLatest } = set;
  const there: DatedInstance[] = [];
  const missing: DatedInstance[] = [];
  const times: EpochMs[] = [];
  for (const slot of set.slots) {
    const options = slot.flatMap((instance) => {
      const at = found(instance.uri, instance.partitionKey);
      return at === null ? [] : [{ instance, at }];
    });
    const [first] = options;
    if (first === undefined) {
      if (!isLatest && missing.length < inputLimits.named) missing.push(slot[0]!);
      continue;
    }
    there.push(first.instance);
    times.push(Math.min(...options.map(({ at }) => at)));
  }
  const have = Math.min(there.length, want);
  const until =
    have >= want || have < need ? null : enoughSince(times, need, clock) + (waitMs ?? 0);
  const state =
    have < need
      ? "lacks"
      : have >= want || until === null || until <= clock.now
        ? "holds"
        : "waits";
  const holds = state === "holds";
  const progress: SetProgress = {
    ...{ name: set.label, uris: set.uris, state, have, want, need, missing, isLatest, choice },
    until: state === "waits" ? until : null,
  };
  return {
    state,
    until: progress.until,
    instances: holds
      ? there.slice(Math.max(0, there.length - (isLatest ? want : there.length)))
      : [],
    named: noNames,
    sets: [progress],
  };
}

/** When there were enough; what was there before the run counts from then on. */
function enoughSince(times: readonly EpochMs[], need: number, { since }: InputClock): EpochMs {
  const at = need === 0 ? since : times.toSorted((a, b) => a - b)[need - 1]!;
  return Math.max(since, at);
}

function earliest(moments: readonly (EpochMs | null)[]): EpochMs | null {
  const known = moments.filter((at) => at !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** Looks instances up in a map by `keyOf`. */
export function foundIn(times: ReadonlyMap<string, EpochMs>): InstanceAt {
  return (uri, partitionKey) => times.get(keyOf({ uri, partitionKey })) ?? null;
}
