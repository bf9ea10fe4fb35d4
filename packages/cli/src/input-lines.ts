/** The inputs of a DAG and of a run in words. */
import { RunInputsState, type GetDagRunInputsResponse, type InputTerm } from "@millrace/wire/v1";
import { colors } from "./colors.ts";
import { showTime } from "./format.ts";

/** Instances of a name that are written out. */
const namedMax = 5;

/** One line for each set that is waited for, or each name that was given; none for a run without inputs. */
export function inputLines(answer: GetDagRunInputsResponse): string[] {
  const { state, sets, given, timesOutAt } = answer;
  if (state === RunInputsState.WAITING) {
    const timeout =
      timesOutAt === undefined ? [] : [`fails at ${showTime(timesOutAt)} without them`];
    return [...sets.map((set) => `${colors.yellow("waits")}: ${set.message}`), ...timeout];
  }
  if (state === RunInputsState.ENDED) return ["ended without them"];
  return given.map(({ name, instances }) => {
    const keys = instances.slice(0, namedMax).map(({ partitionKey }) => partitionKey);
    const more = instances.length - keys.length;
    const list = `${keys.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
    return `${name}: ${instances.length} ${instances.length === 1 ? "instance" : "instances"}${list === "" ? "" : `: ${list}`}`;
  });
}

/** What the runs of a DAG wait for: a line for each name, with the assets that its instances come of. */
export function inputLinesOf(term: InputTerm): string[] {
  const uris = new Map<string, Set<string>>();
  const visit = ({ name: own, kind }: InputTerm, outer: string): void => {
    const name = own || outer;
    if (kind.case === "instances" || kind.case === "latest") {
      const uri = kind.value.of?.asset?.uri ?? "";
      uris.set(name, (uris.get(name) ?? new Set()).add(uri));
    } else for (const part of kind.value?.terms ?? []) visit(part, name);
  };
  visit(term, "");
  return [...uris].map(([name, all]) => `${name === "" ? "" : `${name}: `}${[...all].join(", ")}`);
}
