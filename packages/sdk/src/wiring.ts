/** Records what a `wire` function does: nodes in the order of calls, groups, and order between them. */

import { MillraceError } from "@millrace/engine";
import { encodeArgs } from "./args.ts";
import { makeHandle, type Handle } from "./handle.ts";
import type { OrderBook, OrderKey } from "./order.ts";
import { shared } from "./shared.ts";
import type { TaskSettings } from "./task-options.ts";

/** A body, called by the worker with the resolved arguments. */
export type Body = (...args: unknown[]) => unknown;

/** What a call turns into a node. */
export type TaskSource = {
  readonly id: string;
  readonly settings: Partial<TaskSettings>;
} & (
  | { readonly kind: "bundle"; readonly body: Body }
  | { readonly kind: "external"; readonly handler: string }
);

export type Node = {
  readonly id: string;
  readonly source: TaskSource;
  readonly args: string;
  /** The groups around it, outermost first. */
  readonly groups: readonly Group[];
};

export type Group = {
  readonly id: string;
  readonly parent: Group | null;
  readonly tooltip: string;
  readonly defaults: Partial<TaskSettings>;
};

type Pair = { readonly from: OrderKey; readonly to: OrderKey };

/** One run of one `wire`. */
export class Wiring implements OrderBook {
  readonly dagId: string;
  readonly nodes = new Map<string, Node>();
  readonly groups = new Map<string, Group>();
  /** From handles in arguments. */
  readonly dataEdges: { readonly from: string; readonly to: string }[] = [];
  readonly orders: Pair[] = [];
  #open: readonly Group[] = [];
  #isOver = false;
  /** Where the search for a free suffix goes on, so that many calls of one task stay cheap. */
  readonly #nextSuffix = new Map<string, number>();

  constructor(dagId: string) {
    this.dagId = dagId;
  }

  /** Adds a node for a call and returns its handle. */
  call<T>(source: TaskSource, args: readonly unknown[]): Handle<T> {
    const id = this.#freeId(source.id);
    const what = `task "${id}" of DAG "${this.dagId}"`;
    const text = encodeArgs(args, what, (reference) => {
      if (reference.kind === "run") return;
      this.#requireOwn(reference.wiring, `a handle of task "${reference.id}"`);
      this.dataEdges.push({ from: reference.id, to: id });
    });
    this.nodes.set(id, { id, source, args: text, groups: this.#open });
    return makeHandle({ kind: "task", id, wiring: this }, id);
  }

  /** Runs `wire` with calls going into a new group. */
  inGroup<R>(group: Omit<Group, "parent">, wire: () => R): { key: OrderKey; result: R } {
    const id = this.#freeId(group.id);
    const outer = this.#open;
    const inner: Group = { ...group, id, parent: outer.at(-1) ?? null };
    this.groups.set(id, inner);
    this.#open = [...outer, inner];
    try {
      return { key: { kind: "group", id, wiring: this }, result: wire() };
    } finally {
      this.#open = outer;
    }
  }

  /** Notes that everything of `from` runs before everything of `to`. */
  order(from: OrderKey, to: OrderKey): void {
    for (const key of [from, to]) this.#requireOwn(key.wiring, `${key.kind} "${key.id}"`);
    if (this.#isOver) {
      throw new MillraceError(
        "WRONG_PLACE",
        `DAG "${this.dagId}": before(…) and after(…) mean something only while the wire function runs`,
      );
    }
    this.orders.push({ from, to });
  }

  /** No more calls: what comes later would be lost, so it is refused. */
  close(): void {
    this.#isOver = true;
  }

  /** The id within the open groups, with a suffix when it is taken: `extract`, `extract__1`, `extract__2`. */
  #freeId(own: string): string {
    const group = this.#open.at(-1);
    const id = group === undefined ? own : `${group.id}.${own}`;
    const isTaken = (candidate: string) => this.nodes.has(candidate) || this.groups.has(candidate);
    if (!isTaken(id)) return id;
    for (let suffix = this.#nextSuffix.get(id) ?? 1; ; suffix += 1) {
      if (isTaken(`${id}__${suffix}`)) continue;
      this.#nextSuffix.set(id, suffix + 1);
      return `${id}__${suffix}`;
    }
  }

  #requireOwn(wiring: object, what: string): void {
    if (wiring === this) return;
    throw new MillraceError(
      "DAG_INVALID",
      `DAG "${this.dagId}" uses ${what} that was made by another wiring; ` +
        "make it inside this dag's own wire function, which runs more than once",
    );
  }
}

const stack = shared<Wiring[]>("wirings", () => []);

/** Runs `wire` and gives what it recorded. Wirings may nest: each sees its own calls only. */
export function recordWiring(dagId: string, wire: () => unknown): Wiring {
  const wiring = new Wiring(dagId);
  stack.push(wiring);
  try {
    refusePromise(wire(), `the wire function of DAG "${dagId}"`);
  } finally {
    stack.pop();
    wiring.close();
  }
  return wiring;
}

/** @param what names what was called, for the error outside a `dag`. */
export function currentWiring(what: string): Wiring {
  const wiring = stack.at(-1);
  if (wiring !== undefined) return wiring;
  throw new MillraceError(
    "WRONG_PLACE",
    `${what} was called outside a dag; it means something only while the wire function of dag(…) runs`,
  );
}

/** A wiring is over when its function returns: what it did after an `await` would be lost. */
export function refusePromise(result: unknown, what: string): void {
  const isPromise =
    typeof result === "object" &&
    result !== null &&
    typeof (result as { readonly then?: unknown }).then === "function";
  if (!isPromise) return;
  throw new MillraceError(
    "DAG_INVALID",
    `${what} returned a promise; make it an ordinary function and move what it awaits into a task`,
  );
}
