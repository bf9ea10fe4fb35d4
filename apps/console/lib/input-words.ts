/** What runs of a DAG wait for of dated assets, in words. */

import { InputOrder } from "@millrace/wire/v1";
import type { DagSpec, DatedAsset, InputTerm } from "@millrace/wire/v1";
import { durationMsOf, formatDuration, plural } from "./format.ts";

export type InputWords = {
  /** Under which bodies find it; empty where a term around it has the name. */
  readonly name: string;
  readonly text: string;
  /** The asset of a set; empty of a term around others. */
  readonly uri: string;
  readonly parts: readonly InputWords[];
};

export function inputWords(term: InputTerm): InputWords {
  const { name, kind } = term;
  const enough = enoughInWords(term);
  switch (kind.case) {
    case "instances": {
      const { from, to, of } = kind.value;
      const which =
        from === to
          ? `${stepInWords(from)} of`
          : `${plural(to - from + 1, "instance")}, ${from} to ${to}, of`;
      return { name, text: `${which} ${datedInWords(of)}${enough}`, uri: uriOf(of), parts: [] };
    }
    case "latest": {
      const { count, within, of } = kind.value;
      const newest = count === 1 ? "the newest" : `the newest ${count}`;
      const text = `${newest} there ${count === 1 ? "is" : "are"} among the last ${within} of ${datedInWords(of)}${enough}`;
      return { name, text, uri: uriOf(of), parts: [] };
    }
    case "allOf":
      return around(name, `all of these${enough}`, kind.value.terms);
    case "firstOf":
      return around(name, `the first of these that holds${enough}`, kind.value.terms);
    case "combine":
      return around(
        name,
        `one set; what the first lacks, the next gives${enough}`,
        kind.value.terms,
      );
    case undefined:
      return { name, text: "something that this console does not know", uri: "", parts: [] };
  }
}

/** Pairs of a name and what it is. */
export function inputFacts(spec: DagSpec): readonly (readonly [string, string])[] {
  if (spec.inputs === undefined) return [];
  const timeout = durationMsOf(spec.inputTimeout);
  return [
    ["Waits", timeout === null ? "for inputs" : `for inputs, at most ${formatDuration(timeout)}`],
    ["First", orderWords(spec.inputOrder)],
  ];
}

function orderWords(order: InputOrder): string {
  if (order === InputOrder.NEWEST) return "the newest date that has its inputs";
  if (order === InputOrder.LAST)
    return "the newest date that has its inputs; older ones are left out";
  if (order === InputOrder.NONE)
    return "the oldest date that has its inputs; later than a minute it is left out";
  return "the oldest date that has its inputs";
}

function around(name: string, text: string, terms: readonly InputTerm[]): InputWords {
  return { name, text, uri: "", parts: terms.map(inputWords) };
}

function stepInWords(step: number): string {
  if (step === 0) return "the newest instance";
  return step < 0
    ? `the instance ${-step} before the newest`
    : `the instance ${step} after the newest`;
}

function datedInWords(of: DatedAsset | undefined): string {
  const { every = "", timezone = "" } = of ?? {};
  return `${uriOf(of)} (${every}${timezone === "" ? "" : ` in ${timezone}`})`;
}

function uriOf(of: DatedAsset | undefined): string {
  return of?.asset?.uri ?? "";
}

function enoughInWords({ min, wait }: InputTerm): string {
  const ms = durationMsOf(wait);
  if (min === undefined)
    return ms === null ? "" : `; those after it count after ${formatDuration(ms)}`;
  const enough = min === 0 ? "; none has to be there" : `; ${min} will do`;
  return ms === null ? enough : `${enough}, and ${formatDuration(ms)} are waited for more`;
}
