/** Walks over the terms of inputs. */

import type { AssetDefinition } from "../assets/asset.ts";
import { inputLimits, type DatedAsset, type InputTerm } from "./input.ts";

/** Every leaf. */
export function datedOf(term: InputTerm): DatedAsset[] {
  return "terms" in term ? term.terms.flatMap(datedOf) : [term.of];
}

/** The assets whose events may change what is there, each once. */
export function assetsOfInputs(term: InputTerm): AssetDefinition[] {
  const byUri = new Map(datedOf(term).map(({ asset }) => [asset.uri, asset]));
  return [...byUri.values()];
}

/** What a name stands for; empty for one that nothing has. */
export function datedOfName(term: InputTerm, name: string): DatedAsset[] {
  if (term.name === name) return datedOf(term);
  return "terms" in term ? term.terms.flatMap((part) => datedOfName(part, name)) : [];
}

/** Every name, at whatever level. */
export function namesOfTerm(term: InputTerm): string[] {
  const own = term.name === "" ? [] : [term.name];
  return "terms" in term ? [...own, ...term.terms.flatMap(namesOfTerm)] : own;
}

export function countTerms(term: InputTerm): number {
  return 1 + ("terms" in term ? term.terms.reduce((sum, part) => sum + countTerms(part), 0) : 0);
}

export function depthOfTerm(term: InputTerm): number {
  const below = "terms" in term ? term.terms.map(depthOfTerm) : [];
  return 1 + Math.max(0, ...below);
}

/** How many runs of its DAG may wait at a time. */
export function waitingRunsMax(term: InputTerm): number {
  const { waitingInstances, waitingRuns } = inputLimits;
  return Math.min(waitingRuns, Math.floor(waitingInstances / Math.max(1, countInstances(term))));
}

/** Instances that it asks about, at most. */
export function countInstances(term: InputTerm): number {
  if (term.kind === "latest") return term.within;
  if (term.kind === "instances") return Math.max(0, term.to - term.from + 1);
  return term.terms.reduce((sum, part) => sum + countInstances(part), 0);
}
