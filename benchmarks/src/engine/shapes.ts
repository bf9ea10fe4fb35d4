/** The DAGs that the engine is measured on, written as users write them. */
import { compileDag, type CompiledDag } from "@millrace/engine";
import { chain, dag, each, group, task, type Handle } from "@millrace/sdk";
import type { DagDefinition } from "@millrace/sdk/spec";

export type Shape = {
  readonly name: string;
  readonly dag: CompiledDag;
  /** Task instances of a run, once everything is expanded. */
  readonly instances: number;
  /** How long the lists are that tasks return. */
  readonly elements: number;
  /** A task that waits for everything before it; null when there is none. */
  readonly lastTaskId: string | null;
};

const elements = 100_000;
/** More than ever run: nothing waits for this limit. */
const maxActiveTasks = 1_000;
const layers = 100;
const layerWidth = 100;
/** Each task waits for three of the layer before: the one at its own place and two more. */
const upstreamOf = (at: number) => [at, (at + 1) % layerWidth, (at + 37) % layerWidth];

const noop = task(function noop() {});
const list = task(function list(): number[] {
  return [];
});
const first = task({ id: "first" }, (element: number): number => element);
const second = task({ id: "second" }, (element: number): number => element);
const third = task({ id: "third" }, (element: number): number => element);
const gather = task({ id: "gather" }, (_all: readonly number[]) => {});

const layered = dag("layered", { maxActiveTasks }, () => {
  let before: Handle<void>[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const now = Array.from({ length: layerWidth }, (_, at) =>
      noop.with({ id: `task_${layer}_${at}` })(),
    );
    if (before.length > 0)
      now.forEach((one, at) =>
        chain(
          upstreamOf(at).map((up) => before[up]!),
          one,
        ),
      );
    before = now;
  }
});

const mapped = dag("mapped", { maxActiveTasks }, () => {
  gather(first(each(list())));
});

const mappedGroup = dag("mapped_group", { maxActiveTasks }, () => {
  gather(group("element", each(list()), (element) => third(second(first(element)))));
});

export function shapes(): Shape[] {
  const compiled = (definition: DagDefinition) => compileDag(definition.spec());
  return [
    {
      name: `${(layers * layerWidth).toLocaleString("en-US")} tasks in ${layers} layers, 3 upstream each`,
      dag: compiled(layered),
      instances: layers * layerWidth,
      elements: 0,
      lastTaskId: null,
    },
    {
      name: "a task mapped over 100,000 elements",
      dag: compiled(mapped),
      instances: elements + 2,
      elements,
      lastTaskId: "gather",
    },
    {
      name: "a group of 3 tasks mapped over 100,000 elements",
      dag: compiled(mappedGroup),
      instances: 3 * elements + 2,
      elements,
      lastTaskId: "gather",
    },
  ];
}
