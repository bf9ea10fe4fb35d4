/** The class form: standard decorators, compiled onto the function form. */

import { MillraceError } from "@millrace/engine";
import type { MustCarry } from "./carried.ts";
import { makeDag } from "./dag.ts";
import type { DagOptions } from "./dag-options.ts";
import { dagClassMark } from "./dags-of.ts";
import { makeRun, type Run } from "./run-refs.ts";
import type { ParamsGivenOf, ParamsOf, ParamsSchema } from "./params.ts";
import { isMarked } from "./shared.ts";
import { makeTask, type Task as TaskOf } from "./task.ts";
import type { TaskOptions } from "./task-options.ts";

const taskMark: unique symbol = Symbol.for("millrace.taskMethod");

type Method = (...args: never[]) => unknown;

/** The tasks of a class: each of its methods but `wire`, as `task` would make it. */
export type Tasks<C> = {
  readonly [
    K in keyof C as C[K] extends Method ? (K extends "wire" ? never : K) : never
  ]: C[K] extends (...args: infer A) => infer R ? TaskOf<A, R> : never;
};

/** A class that `@Dag` accepts. */
type DagClass<S> = new () => { wire(tasks: never, run: Run<ParamsOf<S>>): void };

/**
 * Marks a method as a task; its id is the method's name unless the options give one.
 *
 * @example @Task({ retries: 3 }) async extract(day: string): Promise<Row[]> { … }
 */
export function Task(options: TaskOptions = {}) {
  return <This, A extends unknown[], R>(
    body: ((this: This, ...args: A) => R) & MustCarry<Awaited<R>>,
    context: ClassMethodDecoratorContext<This, (this: This, ...args: A) => R>,
  ): void => {
    const name = String(context.name);
    if (context.static || context.private) {
      throw new MillraceError(
        "DAG_INVALID",
        `@Task method "${name}" must be neither static nor private`,
      );
    }
    Object.defineProperty(body, taskMark, { value: { id: name, ...options } });
  };
}

/**
 * Makes a DAG of a class with a `wire` method. Its id is the class's name unless the options give one.
 *
 * @example @Dag({ schedule: "@daily" }) export class Etl { @Task() async extract() { … } wire(t: Tasks<Etl>, run: Run) { … } }
 */
export function Dag<const S extends ParamsSchema | undefined = undefined>(
  options: DagOptions<S> & { readonly id?: string } = {},
) {
  return <C extends DagClass<S>>(decorated: C, context: ClassDecoratorContext<C>): void => {
    const { id = context.name ?? "", ...rest } = options;
    const instance = lazily((): { wire(tasks: never, run: unknown): unknown } => new decorated());
    const tasks = lazily(() => tasksOf(decorated, instance));
    const definition = makeDag<ParamsGivenOf<S>>(id, rest, () =>
      instance().wire(tasks() as never, makeRun<ParamsOf<S>>()),
    );
    Object.defineProperty(decorated, dagClassMark, { value: definition });
  };
}

type NamedClass = { readonly name: string; readonly prototype: object };

/** One task for each method of the class and those it extends; calling one without `@Task` says so. */
function tasksOf(decorated: NamedClass, instance: () => object): Record<string, unknown> {
  const tasks: Record<string, unknown> = {};
  for (
    let proto: unknown = decorated.prototype;
    isObject(proto);
    proto = Object.getPrototypeOf(proto)
  ) {
    for (const name of Object.getOwnPropertyNames(proto)) {
      if (name === "constructor" || name === "wire" || Object.hasOwn(tasks, name)) continue;
      const method: unknown = Object.getOwnPropertyDescriptor(proto, name)?.value;
      if (typeof method === "function")
        tasks[name] = taskOfMethod(decorated, name, method, instance);
    }
  }
  return tasks;
}

function taskOfMethod(
  decorated: NamedClass,
  name: string,
  method: object,
  instance: () => object,
): unknown {
  if (!isMarked(method, taskMark)) {
    return () => {
      throw new MillraceError(
        "DAG_INVALID",
        `${decorated.name}.${name} was wired but is no task; put @Task() before it`,
      );
    };
  }
  const options = method[taskMark] as TaskOptions & { readonly id: string };
  const body = method as unknown as (this: object, ...args: unknown[]) => unknown;
  return makeTask(options, (...args: unknown[]) => body.apply(instance(), args));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && value !== Object.prototype;
}

function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
