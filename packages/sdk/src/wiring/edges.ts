/** The arrows of a DAG while it is compiled: each pair once, walkable both ways. */

import type { Edge } from "@millrace/engine";

const none: ReadonlySet<string> = new Set();

export class Edges {
  /** Labels by where an arrow comes from and leads to, in the order the arrows were added. */
  readonly #labels = new Map<string, Map<string, string>>();
  readonly #before = new Map<string, Set<string>>();
  readonly #list: { readonly from: string; readonly to: string }[] = [];

  /** The first label that is not empty stays. */
  add(from: string, to: string, label = ""): void {
    const labels = this.#labels.get(from) ?? new Map<string, string>();
    this.#labels.set(from, labels);
    const present = labels.get(to);
    if (present === undefined || present === "") labels.set(to, label);
    if (present !== undefined) return;
    this.#list.push({ from, to });
    const before = this.#before.get(to) ?? new Set();
    this.#before.set(to, before.add(from));
  }

  /** The tasks directly after one. */
  after(id: string): Iterable<string> {
    return this.#labels.get(id)?.keys() ?? none;
  }

  /** The tasks directly before one. */
  before(id: string): Iterable<string> {
    return this.#before.get(id) ?? none;
  }

  list(): Edge[] {
    return this.#list.map(({ from, to }) => ({
      from,
      to,
      label: this.#labels.get(from)?.get(to) ?? "",
    }));
  }
}
