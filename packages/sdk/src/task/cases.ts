/** What branches go on with, while a DAG is compiled. */

import type { BranchCase } from "@millrace/engine";
import type { OrderKey } from "../wiring/order.ts";
import type { Wiring } from "../wiring/wiring.ts";

/** Whether a case wires nothing. */
export function isEmptyPart(part: OrderKey): boolean {
  return part.kind === "region" && part.region.start === part.region.end;
}

/** The tasks of each case. One that wires nothing goes on with whatever comes after the cases. */
export class Cases {
  readonly #wiring: Wiring;
  readonly #tasks = new Map<string, ReadonlyMap<string, Set<string>>>();
  readonly #empty = new Map<string, readonly string[]>();

  constructor(wiring: Wiring) {
    this.#wiring = wiring;
    for (const { branchId, cases } of wiring.choices.values()) {
      this.#tasks.set(branchId, new Map(cases.map(({ name }) => [name, new Set<string>()])));
      const empty = cases.filter(({ part }) => isEmptyPart(part)).map(({ name }) => name);
      this.#empty.set(branchId, empty);
    }
  }

  add(branch: string, name: string, ids: readonly string[]): void {
    const tasks = this.#tasks.get(branch)?.get(name);
    for (const id of ids) tasks?.add(id);
  }

  /** Leaves out tasks after a mapped group that the branch is in: they wait for every instance. Returns the names. */
  addToEmpty(branch: string, ids: readonly string[]): string {
    const empty = this.#empty.get(branch) ?? [];
    const near = ids.filter((id) => this.#isChosenWith(branch, id));
    for (const name of empty) this.add(branch, name, near);
    return empty.join(", ");
  }

  /** What the empty cases of a branch go on with, as far as it is known. */
  afterEmpty(branch: string): ReadonlySet<string> {
    const [name] = this.#empty.get(branch) ?? [];
    return this.#tasks.get(branch)?.get(name ?? "") ?? new Set();
  }

  all(): ReadonlyMap<string, readonly BranchCase[]> {
    const listOf = (tasks: ReadonlyMap<string, ReadonlySet<string>>) =>
      [...tasks].map(([name, ids]): BranchCase => ({ name, taskIds: [...ids] }));
    return new Map([...this.#tasks].map(([branch, tasks]) => [branch, listOf(tasks)]));
  }

  #isChosenWith(branch: string, id: string): boolean {
    const { nodes } = this.#wiring;
    const around = nodes.get(branch)?.groups.findLast((group) => group.each.length > 0);
    return around === undefined || nodes.get(id)?.groups.includes(around) === true;
  }
}
