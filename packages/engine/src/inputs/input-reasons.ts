/** Says what the inputs of a run lack, in sentences. */

import { plain, type Reason } from "../admission/reasons.ts";
import type { EpochMs } from "../spec/spec.ts";
import type { InputsWait, SetProgress } from "./judge.ts";

/** Sets that are named in one answer. */
const setsMax = 20;
const namedInSentence = 3;

/** One reason for each set of instances that keeps a run waiting; and until when the run waits at all. */
export function inputReasons({ judged, timeoutAt }: InputsWait): Reason[] {
  const { state, sets } = judged;
  if (state === "holds") return [];
  const open = sets.filter((set) => set.state !== "holds").slice(0, setsMax);
  return open.map((set) => {
    const until = set.until ?? timeoutAt;
    const timeout = timeoutAt === null ? {} : { times_out_at: new Date(timeoutAt).toISOString() };
    return { ...plain("inputs", setText(set), { ...factsOf(set), ...timeout }), until };
  });
}

/** Such as "clicks: 21 of 24 instances of s3://clicks are there, which is enough; waits until 2026-01-02 03:30:00Z for more." */
export function setText(set: SetProgress): string {
  const { name, uris, state, have, want, need, isLatest, choice, until } = set;
  const what = isLatest ? "newest instances" : want === 1 ? "instance" : "instances";
  const alternative = choice > 1 ? ` (alternative ${choice})` : "";
  const there = `${name === "" ? "" : `${name}: `}${have} of ${want} ${what} of ${uris.join(" or ")} ${have === 1 || want === 1 ? "is" : "are"} there${alternative}`;
  if (state === "holds") return `${there}.`;
  const at = until === null ? "" : ` until ${momentText(until)}`;
  if (state === "waits")
    return `${there}, which is enough; it waits${at} for more.${missingText(set)}`;
  const needed = need < want ? `, and ${need} are needed` : "";
  const preferred =
    until === null ? "" : ` Alternatives after it count from ${momentText(until)} on.`;
  return `${there}${needed}.${missingText(set)}${preferred}`;
}

function missingText({ missing, want, have, isLatest }: SetProgress): string {
  if (isLatest || missing.length === 0) return "";
  const shown = missing.slice(0, namedInSentence).map(({ partitionKey }) => partitionKey);
  const more = want - have - shown.length;
  return ` Missing: ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}.`;
}

function factsOf({ name, uris, have, want, need, missing }: SetProgress): Record<string, string> {
  return {
    input: name,
    assets: uris.join(" "),
    have: String(have),
    want: String(want),
    need: String(need),
    missing: missing.map(({ partitionKey }) => partitionKey).join(", "),
  };
}

function momentText(at: EpochMs): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")}Z`;
}
