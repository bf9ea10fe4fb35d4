/** Says what is wrong with the inputs of a DAG. */

import { checkAsset } from "../assets/validate-assets.ts";
import { dagLimits } from "../spec/dag-limits.ts";
import { isMillraceError } from "../errors.ts";
import type { Problems } from "../spec/problems.ts";
import type { DagSpec } from "../spec/spec.ts";
import { readCron } from "../timetable/cron.ts";
import { nextFire } from "../timetable/fires.ts";
import { timeOf } from "../timetable/clock.ts";
import { isZone } from "../timetable/zone.ts";
import { checkFormat } from "../partitions/check-mapper.ts";
import { instanceKey } from "./instance-key.ts";
import { inputLimits, type DatedAsset, type InputTerm } from "./input.ts";
import { countInstances, countTerms, depthOfTerm, namesOfTerm } from "./terms.ts";

export function checkInputs({ inputs, schedule }: DagSpec, problems: Problems): void {
  if (inputs === null) return;
  const { term, timeoutMs } = inputs;
  if (schedule === null || timeOf(schedule) !== schedule)
    problems.add(
      "inputs",
      schedule === null ? "given without a schedule" : "given with a schedule on assets",
      'instances are counted from dates; give the DAG a schedule that a clock decides, such as "@daily"',
    );
  if (timeoutMs !== null && !(timeoutMs > 0 && timeoutMs <= dagLimits.durationMs))
    problems.add(
      "inputTimeout",
      `${timeoutMs} ms`,
      "a duration is longer than nothing and at most ten years",
    );
  const terms = countTerms(term);
  const depth = depthOfTerm(term);
  if (terms > inputLimits.terms)
    problems.add("inputs", `${terms} terms`, `the limit is ${inputLimits.terms}; use fewer`);
  if (depth > inputLimits.depth)
    problems.add("inputs", `${depth} levels`, `the limit is ${inputLimits.depth}; flatten them`);
  if (terms > inputLimits.terms || depth > inputLimits.depth) return;
  if (namesOfTerm(term).length === 0)
    problems.add("inputs", "without a name", "bodies find instances by name; write { clicks: … }");
  checkTerm(term, { at: "inputs", min: null, waitMs: null, isPreferred: false }, problems);
  const asked = countInstances(term);
  if (asked > inputLimits.instances)
    problems.add(
      "inputs",
      `${asked} instances`,
      `a run may ask about ${inputLimits.instances}; take a shorter range, or have a task gather them`,
    );
}

type Place = {
  readonly at: string;
  readonly min: number | null;
  readonly waitMs: number | null;
  /** Whether it is an alternative with others after it. */
  readonly isPreferred: boolean;
};

function checkTerm(term: InputTerm, place: Place, problems: Problems): void {
  const at = term.name === "" ? place.at : `${place.at}.${term.name}`;
  checkEnough(term, { ...place, at }, problems);
  if (term.name.length > inputLimits.nameLength || /\p{Cc}/u.test(term.name))
    problems.add(at, term.name, `a name has 1 to ${inputLimits.nameLength} printable characters`);
  const inner = { ...place, at, min: term.min ?? place.min, waitMs: term.waitMs ?? place.waitMs };
  switch (term.kind) {
    case "instances":
      checkDated(term.of, at, problems);
      return checkRange(term, at, inner.min, problems);
    case "latest":
      checkDated(term.of, at, problems);
      return checkLatest(term, at, inner.min, problems);
    case "combine":
      return checkCombine(term.terms, inner, problems);
    case "all_of":
    case "first_of":
      return checkParts(term.kind, term.terms, inner, problems);
  }
}

function checkEnough({ min, waitMs, ...term }: InputTerm, place: Place, problems: Problems): void {
  const { at } = place;
  if (min !== null && (!Number.isInteger(min) || min < 0))
    problems.add(`${at}.min`, min, "write a whole number from 0, or leave it out for all of them");
  if (waitMs === null) return;
  if (!(waitMs > 0 && waitMs <= dagLimits.durationMs))
    return problems.add(
      `${at}.wait`,
      `${waitMs} ms`,
      "a duration is longer than nothing and at most ten years",
    );
  const hasMin = (min ?? place.min) !== null || ("terms" in term && term.terms.some(hasMinBelow));
  if (!hasMin && !place.isPreferred && !("terms" in term && term.kind === "first_of"))
    problems.add(
      `${at}.wait`,
      `${waitMs} ms`,
      "it waits for more than min, or before the next alternative; give it a min, or a place in firstOf with others after it",
    );
}

function hasMinBelow(term: InputTerm): boolean {
  return term.min !== null || ("terms" in term && term.terms.some(hasMinBelow));
}

function checkRange(
  { from, to }: Extract<InputTerm, { kind: "instances" }>,
  at: string,
  min: number | null,
  problems: Problems,
): void {
  for (const [field, step] of Object.entries({ from, to }))
    if (!Number.isInteger(step) || Math.abs(step) > inputLimits.step)
      problems.add(
        `${at}.${field}`,
        step,
        `write a whole number from -${inputLimits.step} to ${inputLimits.step}`,
      );
  if (from > to) return problems.add(`${at}.from`, from, `it is after to (${to}); swap them`);
  checkMin(at, min, to - from + 1, "instances in the range", problems);
}

function checkLatest(
  { count, within }: Extract<InputTerm, { kind: "latest" }>,
  at: string,
  min: number | null,
  problems: Problems,
): void {
  if (!Number.isInteger(within) || within < 1 || within > inputLimits.instances)
    problems.add(`${at}.within`, within, `write a whole number from 1 to ${inputLimits.instances}`);
  if (!Number.isInteger(count) || count < 1 || count > within)
    problems.add(
      `${at}.count`,
      count,
      `write a whole number from 1 to within (${within}): so many steps back are looked at`,
    );
  checkMin(at, min, count, "that are asked for", problems);
}

function checkMin(
  at: string,
  min: number | null,
  max: number,
  what: string,
  problems: Problems,
): void {
  if (min !== null && min > max)
    problems.add(`${at}.min`, min, `it is more than the ${max} ${what}; write at most ${max}`);
}

function checkParts(
  kind: "all_of" | "first_of",
  terms: readonly InputTerm[],
  place: Place,
  problems: Problems,
): void {
  const { at } = place;
  if (terms.length === 0)
    problems.add(at, "an empty list", "allOf and firstOf need at least one term");
  const isFirst = kind === "first_of";
  for (const [n, term] of terms.entries())
    checkTerm(
      term,
      {
        ...place,
        at: term.name === "" ? `${at}[${n}]` : at,
        isPreferred: isFirst ? n < terms.length - 1 : place.isPreferred,
      },
      problems,
    );
  if (isFirst) return;
  const seen = new Set<string>();
  for (const name of terms.flatMap(namesOfTerm)) {
    if (seen.has(name))
      problems.add(`${at}.${name}`, name, "another term has this name; give one of them its own");
    seen.add(name);
  }
}

function checkCombine(terms: readonly InputTerm[], place: Place, problems: Problems): void {
  const { at } = place;
  if (terms.length < 2) problems.add(at, terms.length, "combine takes two terms or more");
  const [first] = terms;
  for (const [n, term] of terms.entries()) {
    const here = `${at}[${n}]`;
    if (term.kind !== "instances" || first?.kind !== "instances") {
      problems.add(here, term.kind, "combine takes instances(…) only");
      continue;
    }
    if (term.min !== null || term.waitMs !== null)
      problems.add(
        here,
        "a term with min or wait",
        "give them to combine itself: they are about the set",
      );
    if (term.name !== "") problems.add(here, term.name, "combine makes one set; name that");
    checkDated(term.of, here, problems);
    checkRange(term, here, place.min, problems);
    const isAlike =
      term.from === first.from &&
      term.to === first.to &&
      term.of.every === first.of.every &&
      term.of.timezone === first.of.timezone;
    if (!isAlike)
      problems.add(
        here,
        `${term.of.every} from ${term.from} to ${term.to}`,
        `combine takes what is missing from the same dates; write ${first.of.every} from ${first.from} to ${first.to}, in one time zone`,
      );
  }
}

/** Fires that are looked at to see whether keys differ, from a moment where clocks do not change. */
const keysLookedAt = 25;
const sampleAt = Date.UTC(2026, 0, 1);

function tellsApart(of: DatedAsset): boolean {
  const keys = new Set<string>();
  let count = 0;
  let at = nextFire({ expression: of.every, timezone: of.timezone }, sampleAt);
  for (; at !== null && count < keysLookedAt; count += 1) {
    keys.add(instanceKey(of, at));
    at = nextFire({ expression: of.every, timezone: of.timezone }, at);
  }
  return keys.size === count;
}

function checkDated(of: DatedAsset, at: string, problems: Problems): void {
  checkAsset(of.asset, `${at}.asset`, problems);
  if (!isZone(of.timezone)) {
    const remedy = 'it is not an IANA zone; write one such as "Europe/Zurich" or "UTC"';
    problems.add(`${at}.timezone`, of.timezone, remedy, "CRON_INVALID");
  }
  checkFormat(of.format, `${at}.format`, problems);
  if (of.asset.uri === "")
    problems.add(`${at}.asset`, of.asset.name, "a dated asset is found by its uri; give it one");
  try {
    readCron(of.every);
    if (isZone(of.timezone) && !tellsApart(of))
      problems.add(
        `${at}.format`,
        of.format,
        `several instances of ${of.every} have one partition key; write a finer one, such as "YYYY-MM-DDTHH:mm"`,
      );
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    const { reason, message } = error;
    problems.list.push({ reason, field: `${at}.every`, value: of.every, message });
  }
  if (of.from !== null && !Number.isSafeInteger(of.from))
    problems.add(`${at}.from`, of.from, "write a moment, or leave it out");
}
