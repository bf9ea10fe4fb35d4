/** Which instances the inputs of a run ask for. */

import type { EpochMs } from "../spec/spec.ts";
import { lastFire, nextFire } from "../timetable/fires.ts";
import { instanceKey } from "./instance-key.ts";
import type { DatedAsset, DatedInstance, InputTerm } from "./input.ts";

/** One place in a set: the instances that may fill it, the preferred one first. */
export type Slot = readonly DatedInstance[];

/** A set of instances of which enough are to be there. */
export type AskedSet = {
  readonly kind: "set";
  readonly name: string;
  /** The nearest name around it, for people; and the assets. */
  readonly label: string;
  readonly uris: readonly string[];
  /** Ascending by date. */
  readonly slots: readonly Slot[];
  /** How many make it complete, and how many are enough. */
  readonly want: number;
  readonly need: number;
  /** For more than enough. */
  readonly waitMs: number | null;
  /** Takes the newest that exist, not those of certain dates. */
  readonly isLatest: boolean;
};

/** A term with the dates of one run. */
export type Asked =
  | AskedSet
  | {
      readonly kind: "all_of" | "first_of";
      readonly name: string;
      readonly parts: readonly Asked[];
      /** By part: so long before those after it count. */
      readonly preferMs: readonly (number | null)[];
    };

/** From where the steps of instances are counted: the end of the data interval; without one when the run is about, or was due. */
export function inputReference(run: {
  readonly intervalEndAt: EpochMs | null;
  readonly logicalAt: EpochMs | null;
  readonly runAfter: EpochMs;
}): EpochMs {
  return run.intervalEndAt ?? run.logicalAt ?? run.runAfter;
}

/** What a run that counts from `reference` asks for. @throws MillraceError CRON_INVALID */
export function askInputs(term: InputTerm, reference: EpochMs): Asked {
  return ask(term, { reference, label: "", min: null, waitMs: null });
}

/** Every instance it asks about, each once. */
export function askedInstances(asked: Asked): DatedInstance[] {
  const found = new Map<string, DatedInstance>();
  const visit = (one: Asked): void => {
    if (one.kind !== "set") return one.parts.forEach(visit);
    for (const instance of one.slots.flat()) found.set(keyOf(instance), instance);
  };
  visit(asked);
  return [...found.values()];
}

/** The same for the same instance. */
export function keyOf({ uri, partitionKey }: Omit<DatedInstance, "date">): string {
  return `${uri}\n${partitionKey}`;
}

type Around = {
  readonly reference: EpochMs;
  readonly label: string;
  readonly min: number | null;
  readonly waitMs: number | null;
};

function ask(term: InputTerm, around: Around): Asked {
  const inner: Around = {
    reference: around.reference,
    label: term.name || around.label,
    min: term.min ?? around.min,
    waitMs: term.waitMs ?? around.waitMs,
  };
  switch (term.kind) {
    case "instances":
      return setOf(term, [term], inner);
    case "combine":
      return setOf(term, term.terms, inner);
    case "latest": {
      const dates = datesOf(term.of, around.reference, 1 - term.within, 0);
      const slots = dates.map((date) => [instanceOf(term.of, date)]);
      return {
        ...facts(term, [term], inner, slots, Math.min(term.count, slots.length)),
        isLatest: true,
      };
    }
    case "all_of":
    case "first_of":
      return {
        kind: term.kind,
        name: term.name,
        parts: term.terms.map((part) => ask(part, inner)),
        // A wait with a minimum is one for more; it is of no concern to those after it.
        preferMs: term.terms.map((part) =>
          (part.min ?? inner.min) === null ? (part.waitMs ?? inner.waitMs) : null,
        ),
      };
  }
}

function setOf(term: InputTerm, parts: readonly InputTerm[], around: Around): AskedSet {
  const byDate = new Map<EpochMs, DatedInstance[]>();
  for (const part of parts) {
    if (part.kind !== "instances") continue;
    for (const date of datesOf(part.of, around.reference, part.from, part.to)) {
      const slot = byDate.get(date) ?? [];
      slot.push(instanceOf(part.of, date));
      byDate.set(date, slot);
    }
  }
  const slots = [...byDate].toSorted(([a], [b]) => a - b).map(([, slot]) => slot);
  return facts(term, parts, around, slots, slots.length);
}

function facts(
  { name }: InputTerm,
  parts: readonly InputTerm[],
  { label, min, waitMs }: Around,
  slots: readonly Slot[],
  want: number,
): AskedSet {
  const uris = parts.flatMap((part) => ("of" in part ? [part.of.asset.uri] : []));
  // Near the first instance there ever was, a minimum may be more than there are.
  const need = Math.min(min ?? want, want);
  return { kind: "set", name, label, uris, slots, want, need, waitMs, isLatest: false };
}

/** Dates of the steps from `from` to `to`, ascending; those before the asset's first instance are left out, as in Oozie. */
function datesOf(of: DatedAsset, reference: EpochMs, from: number, to: number): EpochMs[] {
  const rule = { expression: of.every, timezone: of.timezone };
  const dates: EpochMs[] = [];
  const first = of.from ?? -Infinity;
  let date = lastFire(rule, reference);
  for (let step = 0; step >= from && date !== null && date >= first; step -= 1) {
    if (step <= to) dates.push(date);
    date = lastFire(rule, date - 1);
  }
  dates.reverse();
  date = to > 0 ? nextFire(rule, reference) : null;
  for (let step = 1; step <= to && date !== null; step += 1) {
    if (step >= from && date >= first) dates.push(date);
    date = nextFire(rule, date);
  }
  return dates;
}

function instanceOf(of: DatedAsset, date: EpochMs): DatedInstance {
  return { uri: of.asset.uri, partitionKey: instanceKey(of, date), date };
}
