/** A run as the reference sees it: what every task instance is, and nothing that could be computed from that. */

import type { Deferral, RunInputs } from "../../run/run.ts";
import type { TaskStateName } from "../../spec/states.ts";
import type { Graph } from "./graph.ts";

export type Instance = {
  readonly taskId: string;
  /** -1 for a task that is not mapped, or not expanded yet. */
  readonly mapIx: number;
  state: TaskStateName;
  attempt: number;
  uncounted: number;
  losses: number;
  /** Whether the newest attempt may still have an outcome. */
  isOpen: boolean;
  /** Whether it was cleared after its newest attempt. */
  isCleared: boolean;
  /** What it gave its slot back for, while it waits; without an expected heartbeat the next is due never. */
  wait: { readonly deferral: Deferral; beatDue: number } | null;
  /** After a wait for a moment has failed: when it is tried again, which is not when that moment comes. */
  retryAt: number | null;
  /** Of a success: whether the body returned something, and the lengths found at paths into it. */
  hasValue: boolean;
  lengths: ReadonlyMap<string, number>;
  /** Of a branch or short circuit that succeeded. */
  choice: readonly string[] | null;
};

export type World = {
  readonly graph: Graph;
  readonly inputs: RunInputs;
  run: "queued" | "running" | "success" | "failed";
  startedAt: number | null;
  isCancelled: boolean;
  /** A person has ended it as failed, and teardowns still run. */
  isMarkedFailed: boolean;
  /** By task: the placeholder with index -1, or the instances in index order. */
  readonly instances: Map<string, Instance[]>;
  /** By mapped group, and by task that is mapped itself: the length by which instances were made. */
  readonly used: Map<string, number>;
};

export function anInstance(taskId: string, mapIx: number): Instance {
  return {
    taskId,
    mapIx,
    state: "none",
    attempt: 0,
    uncounted: 0,
    losses: 0,
    isOpen: false,
    isCleared: false,
    wait: null,
    retryAt: null,
    hasValue: false,
    lengths: new Map(),
    choice: null,
  };
}

export function newWorld(graph: Graph, inputs: RunInputs): World {
  const instances = new Map(graph.order.map(({ id }) => [id, [anInstance(id, -1)]]));
  return {
    graph,
    inputs,
    run: "queued",
    startedAt: null,
    isCancelled: false,
    isMarkedFailed: false,
    instances,
    used: new Map(),
  };
}

export function isMapped(graph: Graph, taskId: string): boolean {
  return graph.tasks.get(taskId)!.each.length > 0 || graph.mappedGroups(taskId).length > 0;
}

export function isExpanded(world: World, taskId: string): boolean {
  return world.instances.get(taskId)![0]?.mapIx !== -1;
}

export function instancesOf(world: World, taskId: string): readonly Instance[] {
  return world.instances.get(taskId)!;
}

export function allInstances(world: World): Instance[] {
  return [...world.instances.values()].flat();
}

export const finals: readonly TaskStateName[] = [
  "success",
  "failed",
  "skipped",
  "upstream_failed",
  "removed",
];

export function isFinal({ state }: Instance): boolean {
  return finals.includes(state);
}

/** Without a slot, for a trigger or a person. */
export function isWaiting({ state }: Instance): boolean {
  return state === "deferred" || state === "awaiting_input";
}
