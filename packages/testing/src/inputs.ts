/** What a run in memory is given of its DAG's inputs. */

import {
  askInputs,
  datedOfName,
  instanceDate,
  judgeInputs,
  MillraceError,
  type DagSpec,
  type EpochMs,
} from "@millrace/engine";
import type { InputInstance, RunInputs } from "@millrace/sdk/spec";

/** By name: instances, or partition keys of the asset that has the name. */
export type GivenInputs = Readonly<Record<string, readonly (InputInstance | string)[]>>;

/**
 * Without `given`, everything that the run would wait for. Null for a DAG without inputs.
 *
 * @throws MillraceError FIELD_INVALID
 */
export function readInputs(
  { inputs }: DagSpec,
  given: GivenInputs | undefined,
  reference: EpochMs,
): RunInputs | null {
  if (inputs === null) {
    if (given === undefined) return null;
    throw invalid("inputs", "given", "leave it out: the DAG has no inputs");
  }
  const clock = { now: reference, since: reference };
  const { chosen } = judgeInputs(askInputs(inputs.term, reference), () => reference, clock);
  const all = Object.entries(chosen).map(([name, instances]) => [
    name,
    given === undefined
      ? instances.map((instance) => ({ ...instance, date: new Date(instance.date) }))
      : [],
  ]);
  const named: Record<string, readonly InputInstance[]> = Object.fromEntries(all);
  for (const [name, list] of Object.entries(given ?? {})) {
    if (!Object.hasOwn(named, name))
      throw invalid(
        `inputs.${name}`,
        "no input of the DAG",
        `write ${Object.keys(named).join(", ")}`,
      );
    named[name] = list.map((one) =>
      typeof one === "string" ? instanceOf(inputs.term, name, one) : one,
    );
  }
  return named;
}

function instanceOf(
  term: NonNullable<DagSpec["inputs"]>["term"],
  name: string,
  partitionKey: string,
): InputInstance {
  const [of] = datedOfName(term, name);
  const date = of === undefined ? null : instanceDate(of, partitionKey);
  if (of === undefined || date === null)
    throw invalid(`inputs.${name}`, partitionKey, "write a partition key of the asset's format");
  return { uri: of.asset.uri, partitionKey, date: new Date(date) };
}

function invalid(field: string, value: string, remedy: string): MillraceError {
  return new MillraceError("FIELD_INVALID", `${field} is "${value}": ${remedy}.`, {
    metadata: { field, value },
  });
}
