/** With which of its tasks something begins and ends, by the arrows known so far. */

import { MillraceError } from "@millrace/engine";
import { isEmptyPart, type Cases } from "../task/cases.ts";
import type { Edges } from "./edges.ts";
import type { OrderKey, Region } from "./order.ts";
import type { Choices, Wiring } from "./wiring.ts";

/** The last tasks of something. */
export type Ends = {
  readonly ids: readonly string[];
  /** Whether only some of them run, as after the cases of a branch. */
  readonly isChoice: boolean;
  /** Branches among `ids` that may be left at once, through a case without tasks. */
  readonly emptyBranches: readonly string[];
};

export class Borders {
  readonly #wiring: Wiring;
  readonly #edges: Edges;
  readonly #cases: Cases;
  /** Branches and their cases in the order in which they were said, which `Region.choices` counts. */
  readonly #choices: readonly Choices[];

  constructor(wiring: Wiring, edges: Edges, cases: Cases) {
    this.#wiring = wiring;
    this.#edges = edges;
    this.#cases = cases;
    this.#choices = [...wiring.choices.values()];
  }

  /** The tasks of something with nothing of it before them. */
  rootsOf(key: OrderKey): readonly string[] {
    if (key.kind === "task") return [key.id];
    if (key.kind === "block") return [key.entry];
    const members = new Set(this.#membersOf(this.#regionOf(key)));
    return [...members].filter((id) => !some(this.#edges.before(id), members));
  }

  /** The tasks of something with nothing of it after them. */
  endsOf(key: OrderKey): Ends {
    if (key.kind === "task") return { ids: [key.id], isChoice: false, emptyBranches: [] };
    return key.kind === "block" ? this.#endsOfBlock(key) : this.#endsOfRegion(this.#regionOf(key));
  }

  #endsOfBlock({ entry, parts, isChoice }: Extract<OrderKey, { kind: "block" }>): Ends {
    const ends = parts.map((part) =>
      isEmptyPart(part)
        ? { ids: [entry], isChoice: false, emptyBranches: isChoice ? [entry] : [] }
        : this.endsOf(part),
    );
    const all = join(ends);
    return { ...all, isChoice: isChoice || all.isChoice };
  }

  /** Branches inside that nothing inside has joined again stay choices for what comes after. */
  #endsOfRegion(region: Region): Ends {
    const members = new Set(this.#workOf(region));
    const leaves = new Set(this.#leavesOf(members));
    const { start, end } = region.choices;
    const open = this.#choices.slice(start, end).flatMap(({ branchId, cases }) => {
      const isJoined = some(this.#cases.afterEmpty(branchId), members);
      return cases
        .filter(({ part }) => (isEmptyPart(part) ? !isJoined : some(this.#lastOf(part), leaves)))
        .map(({ part }) => ({ branchId, isEmpty: isEmptyPart(part) }));
    });
    const emptyBranches = open.filter(({ isEmpty }) => isEmpty).map(({ branchId }) => branchId);
    return {
      ids: [...new Set([...leaves, ...emptyBranches])],
      isChoice: open.length > 0,
      emptyBranches: [...new Set(emptyBranches)],
    };
  }

  /** Like the ids of `endsOf`, without branches inside that may be left at once: the region around sees them too. */
  #lastOf(part: OrderKey): readonly string[] {
    if (part.kind === "task" || part.kind === "block") return this.endsOf(part).ids;
    return this.#leavesOf(new Set(this.#workOf(this.#regionOf(part))));
  }

  #leavesOf(members: ReadonlySet<string>): readonly string[] {
    return [...members].filter((id) => !some(this.#edges.after(id), members));
  }

  #regionOf(key: Extract<OrderKey, { kind: "group" | "region" }>): Region {
    const region = key.kind === "region" ? key.region : this.#wiring.groupRegions.get(key.id);
    if (region !== undefined && region.start < region.end) return region;
    throw new MillraceError(
      "DAG_INVALID",
      `group "${key.id}" of DAG "${this.#wiring.dag.dagId}" has a place in the order but no tasks`,
    );
  }

  #membersOf({ start, end }: Region): readonly string[] {
    return this.#wiring.calls.slice(start, end);
  }

  /** Nobody waits for what removes a resource, unless there is nothing else. */
  #workOf(region: Region): readonly string[] {
    const members = this.#membersOf(region);
    const work = members.filter((id) => this.#wiring.roles.get(id)?.role !== "teardown");
    return work.length > 0 ? work : members;
  }
}

function join(ends: readonly Ends[]): Ends {
  return {
    ids: [...new Set(ends.flatMap(({ ids }) => ids))],
    isChoice: ends.some(({ isChoice }) => isChoice),
    emptyBranches: [...new Set(ends.flatMap(({ emptyBranches }) => emptyBranches))],
  };
}

function some(ids: Iterable<string>, among: ReadonlySet<string>): boolean {
  for (const id of ids) if (among.has(id)) return true;
  return false;
}
