/** Records what a `wire` function does: nodes in the order of calls, groups, and order between them. */

import { MillraceError, type GroupSpec, type MapAxis, type TaskSpec } from "@millrace/engine";
import { encodeArgs } from "../context/args.ts";
import type { Body } from "./body.ts";
import { elementTree, eachMark, isEach, mapAxis, type Axis, type Mapping } from "../task/each.ts";
import { makeHandle, type AnyHandle } from "./handle.ts";
import { orderMark, type OrderBook, type OrderKey, type Region } from "./order.ts";
import { referenceOf, referenceTree, type Reference, type TaskReference } from "./reference.ts";
import { requireMappable, requireUsable } from "./scope.ts";
import type { Schedule } from "@millrace/engine";
import { isMarked, shared } from "../shared.ts";
import type { TaskSettings } from "../task/task-options.ts";

/** What makes a task more than work: whether it chooses what follows, or looks until something is there. */
export type Trait = Pick<TaskSpec, "control" | "skipsDirectOnly" | "sensor">;

/** What a call turns into a node. */
export type TaskSource = {
  readonly id: string;
  readonly settings: Partial<TaskSettings>;
  readonly trait: Trait;
} & (
  | { readonly kind: "bundle"; readonly body: Body }
  | { readonly kind: "external"; readonly handler: string }
);

export type Node = {
  readonly id: string;
  readonly source: TaskSource;
  readonly args: string;
  readonly each: readonly MapAxis[];
  /** The groups around it, outermost first. */
  readonly groups: readonly Group[];
};

export type Group = Pick<GroupSpec, "id" | "tooltip" | "each"> & {
  readonly parent: Group | null;
  readonly defaults: Partial<TaskSettings>;
};

/** Everything of `from` before everything of `to`. */
export type Link = {
  readonly from: OrderKey;
  readonly to: OrderKey;
  readonly label: string;
  /** Set when `to` is what a branch goes on with in this case. */
  readonly caseName: string | null;
};

/** What a branch chooses among. */
export type Choices = {
  readonly branchId: string;
  readonly cases: readonly { readonly name: string; readonly part: OrderKey }[];
};

type Role = Pick<TaskSpec, "role" | "failsRun">;

/** What may be known of a DAG while it is wired. */
export type Wired = { readonly dagId: string; readonly schedule: Schedule | null };

/** One run of one `wire`. */
export class Wiring implements OrderBook {
  readonly dag: Wired;
  readonly nodes = new Map<string, Node>();
  readonly groups = new Map<string, Group>();
  readonly groupRegions = new Map<string, Region>();
  /** Ids in the order of calls. */
  readonly calls: string[] = [];
  /** From handles in arguments. */
  readonly dataEdges: { readonly from: string; readonly to: string }[] = [];
  /** As they were said: what is inside of something comes before what is said about it as a whole. */
  readonly links: Link[] = [];
  /** By task, where it is not plain work. */
  readonly roles = new Map<string, Role>();
  /** What branches choose among, by branch, in the order in which it was said. */
  readonly choices = new Map<string, Choices>();
  /** What the wire function returned. */
  result: unknown = undefined;
  #open: readonly Group[] = [];
  #isOver = false;
  /** Where the search for a free suffix goes on, so that many calls of one task stay cheap. */
  readonly #nextSuffix = new Map<string, number>();

  constructor(dag: Wired) {
    this.dag = dag;
  }

  /** Adds a node for a call and returns its handle. */
  call(source: TaskSource, args: readonly unknown[]): AnyHandle {
    const id = this.#freeId(source.id);
    const what = `task "${id}" of DAG "${this.dag.dagId}"`;
    const key: OrderKey = { kind: "task", id, wiring: this };
    const dimensions = new Dimensions(id);
    const text = encodeArgs(args, what, (value) => {
      if (isEach(value)) return dimensions.elementOf(value);
      const reference = referenceOf(value);
      if (reference === undefined) return undefined;
      this.#waitFor(reference, key);
      return referenceTree(reference);
    });
    for (const axis of dimensions.axes) this.#waitForAxis(axis, key, what);
    const each = dimensions.axes.map((axis) => mapAxis(axis, what));
    this.nodes.set(id, { id, source, args: text, each, groups: this.#open });
    this.calls.push(id);
    const isList = each.length > 0;
    const within = this.mappedGroup;
    return makeHandle(key, { kind: "task", id, path: [], wiring: this, within, isList });
  }

  /** The innermost mapped group around what is wired now; null for none. */
  get mappedGroup(): string | null {
    return this.#open.findLast((group) => group.each.length > 0)?.id ?? null;
  }

  /** Runs `wire` with calls going into a new group, mapped over `axes`. */
  inGroup<R>(
    given: Omit<Group, "parent" | "each">,
    axes: readonly Axis[],
    wire: (id: string) => R,
  ): { key: OrderKey; result: R } {
    const id = this.#freeId(given.id);
    const outer = this.#open;
    const what = `group "${id}" of DAG "${this.dag.dagId}"`;
    const key: OrderKey = { kind: "group", id, wiring: this };
    for (const axis of axes) for (const source of axis.sources) this.#requireSource(source, what);
    const each = axes.map((axis) => mapAxis(axis, what));
    const inner: Group = { ...given, id, each, parent: outer.at(-1) ?? null };
    this.groups.set(id, inner);
    this.#open = [...outer, inner];
    try {
      const { result, region } = this.record(() => wire(id));
      this.groupRegions.set(id, region);
      for (const axis of axes) this.#waitForAxis(axis, key, what);
      return { key, result };
    } finally {
      this.#open = outer;
    }
  }

  /** Runs `wire` and tells what it wired. */
  record<R>(wire: () => R): { readonly result: R; readonly region: Region } {
    const start = this.calls.length;
    const firstChoice = this.choices.size;
    const result = wire();
    const choices = { start: firstChoice, end: this.choices.size };
    return { result, region: { start, end: this.calls.length, choices } };
  }

  order(from: OrderKey, to: OrderKey): void {
    this.link(from, to);
  }

  /** Notes that everything of `from` runs before everything of `to`. */
  link(from: OrderKey, to: OrderKey, label = "", caseName: string | null = null): void {
    for (const key of [from, to]) this.#requireOwn(key.wiring, `${key.kind} "${key.id}"`);
    if (this.#isOver) {
      throw new MillraceError(
        "WRONG_PLACE",
        `DAG "${this.dag.dagId}": before(…) and after(…) mean something only while the wire function runs`,
      );
    }
    this.links.push({ from, to, label, caseName });
  }

  /**
   * The node behind a handle, for words that act on a node.
   *
   * @param what names the word, such as "choice(…)".
   * @throws MillraceError DAG_INVALID when it is no task's whole value, or one out of reach.
   */
  nodeOf(handle: unknown, what: string): { readonly node: Node; readonly key: OrderKey } {
    const reference = referenceOf(handle);
    const problem = `${what} in DAG "${this.dag.dagId}" needs the handle that a call of a task returned`;
    if (reference?.kind !== "task" || reference.path.length > 0) {
      throw new MillraceError("DAG_INVALID", problem);
    }
    this.#requireUsable(reference);
    const node = this.nodes.get(reference.id);
    if (node === undefined) throw new MillraceError("DAG_INVALID", problem);
    return { node, key: { kind: "task", id: node.id, wiring: this } };
  }

  /** Makes a task part of a scope. @throws MillraceError DAG_INVALID when it is part of one in another role. */
  setRole(id: string, role: Role): void {
    const other = this.roles.get(id)?.role ?? role.role;
    if (other !== role.role) {
      throw new MillraceError(
        "DAG_INVALID",
        `task "${id}" of DAG "${this.dag.dagId}" is both ${other} and ${role.role}; make two tasks of it`,
      );
    }
    this.roles.set(id, role);
  }

  /** No more calls: what comes later would be lost, so it is refused. */
  close(result: unknown): void {
    this.result = result;
    this.#isOver = true;
  }

  #waitFor(reference: Reference, key: OrderKey): void {
    this.#requireUsable(reference);
    if (reference.kind === "task") this.dataEdges.push({ from: reference.id, to: key.id });
    if (reference.kind !== "first") return;
    for (const { id } of reference.of) this.dataEdges.push({ from: id, to: key.id });
    for (const after of reference.after) this.link(after, key);
  }

  #waitForAxis({ sources }: Axis, key: OrderKey, what: string): void {
    for (const source of sources) {
      const reference = this.#requireSource(source, what);
      if (reference === null) continue;
      if (key.kind === "task") this.dataEdges.push({ from: reference.id, to: key.id });
      else this.link({ kind: "task", id: reference.id, wiring: this }, key);
    }
  }

  /** The task that a source waits for; null for none. */
  #requireSource(source: Axis["sources"][number], what: string): TaskReference | null {
    const reference = requireMappable(source, what);
    if (reference !== null) this.#requireUsable(reference);
    return reference;
  }

  #requireUsable(reference: Reference): void {
    if (reference.kind === "run") return;
    const name = reference.kind === "task" ? `a handle of task "${reference.id}"` : "a handle";
    this.#requireOwn(reference.wiring, name);
    requireUsable(reference, this.#open, this.dag.dagId);
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
      `DAG "${this.dag.dagId}" uses ${what} that was made by another wiring; ` +
        "make it inside this dag's own wire function, which runs more than once",
    );
  }
}

/** The dimensions over which one call maps: an `each` is one of them, however often it stands in the arguments. */
class Dimensions {
  readonly #taskId: string;
  readonly #bases = new Map<Axis, number>();
  #next = 0;

  constructor(taskId: string) {
    this.#taskId = taskId;
  }

  get axes(): readonly Axis[] {
    return [...this.#bases.keys()];
  }

  elementOf(each: Mapping<unknown>) {
    const { axis } = each[eachMark];
    const base = this.#bases.get(axis) ?? this.#next;
    if (!this.#bases.has(axis)) {
      this.#bases.set(axis, base);
      this.#next += axis.sources.length;
    }
    return elementTree(each, this.#taskId, base);
  }
}

const stack = shared<Wiring[]>("wirings", () => []);

/** Runs `wire` and gives what it recorded. Wirings may nest: each sees its own calls only. */
export function recordWiring(dag: Wired, wire: () => unknown): Wiring {
  const wiring = new Wiring(dag);
  let result: unknown;
  stack.push(wiring);
  try {
    result = wire();
    refusePromise(result, `the wire function of DAG "${dag.dagId}"`);
  } finally {
    stack.pop();
    wiring.close(result);
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

/**
 * The DAG that is being wired, for functions that make tasks out of what they know of it.
 *
 * @throws MillraceError WRONG_PLACE outside a wire function.
 */
export function wiredDag(): Wired {
  return currentWiring("wiredDag()").dag;
}

/** A wiring is over when its function returns: what it did after an `await` would be lost. */
export function refusePromise(result: unknown, what: string): void {
  const isPromise =
    typeof result === "object" &&
    result !== null &&
    !isMarked(result, orderMark) &&
    typeof (result as { readonly then?: unknown }).then === "function";
  if (!isPromise) return;
  throw new MillraceError(
    "DAG_INVALID",
    `${what} returned a promise; make it an ordinary function and move what it awaits into a task`,
  );
}
