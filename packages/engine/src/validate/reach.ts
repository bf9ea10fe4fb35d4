/** Answers what comes after what in a graph that may be large, hostile, or have circles. */

import type { Arrows } from "../graph/cycle.ts";
import { arrowsOf } from "../graph/cycle.ts";
import { dagLimits } from "../spec/dag-limits.ts";
import type { DagSpec } from "../spec/spec.ts";

export type Reach = {
  /** Whether an edge leads from one task to the other. */
  isDirect(from: string, to: string): boolean;
  /**
   * Whether edges lead from one task to the other, over others or not. Ask all about one `from` in a row: the answers
   * to the next are then at hand. False also when the graph's questions have cost `dagLimits.reachSteps`.
   */
  isAfter(from: string, to: string): boolean;
  /** Whether an answer may be wrong because the steps were used up. */
  isExhausted(): boolean;
};

/** Costs nothing until it is asked: most DAGs never ask for more than direct edges. */
export function reachOf(spec: DagSpec): Reach {
  let pairs: ReadonlySet<string> | undefined;
  let search: Search | undefined;
  return {
    isDirect(from, to) {
      pairs ??= new Set(spec.edges.map((edge) => pairOf(edge.from, edge.to)));
      return pairs.has(pairOf(from, to));
    },
    isAfter(from, to) {
      search ??= new Search(spec);
      return search.isAfter(from, to);
    },
    isExhausted: () => search?.isExhausted ?? false,
  };
}

function pairOf(from: string, to: string): string {
  return `${from} → ${to}`;
}

/** Finds everything after one task at a time. */
class Search {
  readonly #position: ReadonlyMap<string, number>;
  readonly #children: Arrows;
  /** By task: the number of the question to which it was an answer last. */
  readonly #found: Int32Array;
  #question = 0;
  #asked = -1;
  #stepsLeft: number = dagLimits.reachSteps;
  isExhausted = false;

  constructor({ tasks, edges }: DagSpec) {
    this.#position = new Map(tasks.map((task, at) => [task.id, at]));
    const from: number[] = [];
    const to: number[] = [];
    for (const edge of edges) {
      const source = this.#position.get(edge.from);
      const target = this.#position.get(edge.to);
      if (source === undefined || target === undefined) continue;
      from.push(source);
      to.push(target);
    }
    this.#children = arrowsOf(tasks.length, from, to);
    this.#found = new Int32Array(tasks.length);
  }

  isAfter(from: string, to: string): boolean {
    const start = this.#position.get(from);
    const end = this.#position.get(to);
    if (start === undefined || end === undefined) return false;
    if (this.#asked !== start) this.#explore(start);
    return this.#found[end] === this.#question;
  }

  #explore(start: number): void {
    const { offsets, targets } = this.#children;
    this.#question += 1;
    this.#asked = start;
    const queue = [start];
    for (const ix of queue) {
      this.#stepsLeft -= offsets[ix + 1]! - offsets[ix]!;
      this.isExhausted ||= this.#stepsLeft < 0;
      if (this.isExhausted) return;
      for (let edge = offsets[ix]!; edge < offsets[ix + 1]!; edge += 1) {
        const target = targets[edge]!;
        if (this.#found[target] === this.#question) continue;
        this.#found[target] = this.#question;
        queue.push(target);
      }
    }
  }
}
