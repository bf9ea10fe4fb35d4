/** The inputs of runs of the test double: a run that has not started lacks some of what its DAG asks for. */
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { InputSetState, RunInputsState, RunState } from "@millrace/wire/v1";
import type { FakeRun } from "./fake-run.ts";

const hourMs = 3_600_000;
const lackingCount = 3;

export function fakeRunInputs({ run, dag: { spec } }: FakeRun) {
  if (spec.inputs === undefined) return { state: RunInputsState.NONE };
  const queuedAt = timestampMs(run.queuedAt!);
  const hour = Math.floor(queuedAt / hourMs) * hourMs;
  const terms = spec.inputs.kind.case === "allOf" ? spec.inputs.kind.value.terms : [spec.inputs];
  const sets = terms.flatMap(({ name, min, kind }) => {
    if (kind.case !== "instances") return [];
    const { from, to, of } = kind.value;
    const uri = of?.asset?.uri ?? "";
    const instances = Array.from({ length: to - from + 1 }, (_, ix) => {
      const date = hour + (from + ix) * hourMs;
      const partitionKey = new Date(date).toISOString().slice(0, 19);
      return { uri, partitionKey, date: timestampFromMs(date) };
    });
    return [{ name, uri, need: min ?? instances.length, instances }];
  });
  if (run.state !== RunState.QUEUED) {
    const inputs = sets.map(({ name, instances }) => ({ name, instances }));
    const givenCount = sets.reduce((sum, { instances }) => sum + instances.length, 0);
    return { state: RunInputsState.GIVEN, given: inputs, givenCount };
  }
  return {
    state: RunInputsState.WAITING,
    sets: sets.map(({ name, uri, need, instances }) => {
      const want = instances.length;
      const lacking = Math.min(lackingCount, want);
      const missing = instances.slice(-lacking);
      const have = want - lacking;
      const isEnough = have >= need;
      const message = `${name}: ${have} of ${want} instances of ${uri} are there${isEnough ? ", which is enough" : ""}. Missing: ${missing.map((one) => one.partitionKey).join(", ")}.`;
      const state = isEnough ? InputSetState.WAITING : InputSetState.LACKING;
      return { name, uris: [uri], state, have, want, need, missing, message };
    }),
    timesOutAt: timestampFromMs(queuedAt + 6 * hourMs),
  };
}
