/** The processes of an installation, and a supervisor that starts them again. */

import { triggerHandler } from "@millrace/engine";
import { startApiNode } from "./nodes/api-node.ts";
import type { ApiNode } from "./nodes/node.ts";
import { startSchedulerNode, type SchedulerNode } from "./nodes/scheduler-node.ts";
import { startWorkerNode, type WorkerNode } from "./nodes/worker-node.ts";
import type { VirtualProcess } from "./machine.ts";
import type { Plan } from "./plan.ts";
import { watchHandler } from "./workload/bodies.ts";
import { streamHandler } from "./workload/watchers.ts";
import type { World } from "./world.ts";

type Kind = "scheduler" | "api" | "worker" | "triggerer";
type Node = { readonly process: VirtualProcess };

export class Installation {
  readonly #world: World;
  readonly #plan: Plan;
  readonly schedulers: SchedulerNode[] = [];
  readonly workers: WorkerNode[] = [];
  #names = 0;

  constructor(world: World, plan: Plan) {
    this.#world = world;
    this.#plan = plan;
    for (let at = 0; at < plan.schedulers; at++) this.start("scheduler");
    for (let at = 0; at < plan.apis; at++) this.start("api");
    for (let at = 0; at < plan.workers; at++) this.start("worker");
    for (let at = 0; at < plan.triggerers; at++) this.start("triggerer");
  }

  start(kind: Kind): void {
    const name = `${kind}${++this.#names}`;
    const node = this.#make(kind, name);
    this.#world.trace.note(name, "starts");
    // Whatever ends it, a supervisor starts another.
    node.process.onDeath(() => {
      this.#world.trace.note(name, "is dead");
      const ms = this.#world.random.between(50, 8_000);
      this.#world.machine.after(ms, null, () => this.start(kind));
    });
  }

  #make(kind: Kind, name: string): Node {
    if (kind === "scheduler") return added(this.schedulers, startSchedulerNode(this.#world, name));
    if (kind === "api") return added<ApiNode>(this.#world.apis, startApiNode(this.#world, name));
    const queues = ["default", "second"];
    const options =
      kind === "worker"
        ? { slots: this.#plan.slots, queues, handlers: [] }
        : { slots: 100, queues, handlers: [watchHandler, streamHandler].map(triggerHandler) };
    return added(this.workers, startWorkerNode(this.#world, name, options));
  }

  living(): VirtualProcess[] {
    return [...this.schedulers, ...this.#world.apis, ...this.workers]
      .map(({ process }) => process)
      .filter(({ isAlive }) => isAlive);
  }
}

function added<T extends Node>(list: T[], node: T): T {
  // The dead need not be looked through for ever.
  const living = list.filter(({ process }) => process.isAlive);
  list.splice(0, list.length, ...living, node);
  return node;
}
