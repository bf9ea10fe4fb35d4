/** The class form: standard decorators, compiled onto the function form. */

import { MillraceError } from "@millrace/engine";
import type { BranchAnswer, Done } from "../task/answers.ts";
import { branching, type CasesOf, type MustName } from "../task/branch.ts";
import type { MustCarry } from "../wiring/carried.ts";
import type {
  AnyDeferred,
  AnyResume,
  Deferred,
  MustFit,
  Resumed,
  ResumedValue,
  Returned,
} from "../waiting/deferral.ts";
import { makeDag } from "./dag.ts";
import type { DagOptions } from "./dag-options.ts";
import { dagClassMark } from "./dags-of.ts";
import { makeRun, type Run } from "../wiring/run-refs.ts";
import type { ParamsGivenOf, ParamsOf, ParamsSchema } from "./params.ts";
import { sensing, type SensorOptions, type SensorValue } from "../task/sensor.ts";
import { isMarked } from "../shared.ts";
import { shortCircuiting, type ShortCircuitOptions } from "../task/short-circuit.ts";
import { makeTask, work, type Kind, type Task as TaskOf } from "../task/task.ts";
import type { Target, Targets } from "../task/target.ts";
import type { TaskOptions } from "../task/task-options.ts";

const taskMark: unique symbol = Symbol.for("millrace.taskMethod");

type Method = (...args: never[]) => unknown;

/** The value of a task made of a method: of a sensor, what it is done with; of one that defers, what that says. */
type ValueOf<R> =
  | ([Extract<R, Done<unknown>>] extends [never] ? Returned<R> : SensorValue<Returned<R>>)
  | DeferredValue<R>;

type DeferredValue<R> = R extends Deferred<unknown, unknown, infer V> ? V : never;

/** What a compiler message shows where a method does not say what the task's value is. */
type MustSay = {
  readonly "the method does not say what resume returns": "annotate it: Promise<Deferred<Event, State, Value>>";
};

/** `unknown` where the value that a method's deferrals promise is what comes of them, `Q`. */
type MustPromise<R, Q> = [Returned<Q>] extends [DeferredValue<Awaited<R>>] ? unknown : MustSay;

/** Of a method without `resume`: what comes of a deferral is its event. */
type MustBring<R> = [Extract<Awaited<R>, AnyDeferred>] extends [
  Deferred<DeferredValue<Awaited<R>>, unknown, unknown>,
]
  ? unknown
  : MustSay;

/** What the decorated method must be, for the option `resume` that was given, if it was. */
type MustGoOn<R, F> = [F] extends [AnyResume]
  ? MustFit<R, F> & MustPromise<R, Resumed<F>>
  : MustBring<R>;

type OptionalResume<F> = { readonly resume?: F & AnyResume };

type AnyTarget = Target<unknown>;
type OptionalTarget<T> = {
  readonly target?: T & ((...args: never) => AnyTarget | PromiseLike<AnyTarget>);
  readonly checkTarget?: boolean;
};

/** What a compiler message shows. */
type DoesNotMeet = {
  readonly "the target does not fit the method": "it gets the method's arguments, and needs read() where the method has a value";
};

/** `unknown` where a method with these arguments and this value can have the target `T`, if one was given. */
type MustMeet<A extends readonly unknown[], V, T> = [T] extends [undefined]
  ? unknown
  : [T] extends [Targets<A, V>["target"]]
    ? unknown
    : DoesNotMeet;

/** The tasks of a class: each of its methods but `wire`, as `task` would make it. */
export type Tasks<C> = {
  readonly [
    K in keyof C as C[K] extends Method ? (K extends "wire" ? never : K) : never
  ]: C[K] extends (...args: infer A) => infer R ? TaskOf<A, R, ValueOf<Awaited<R>>> : never;
};

/** A class that `@Dag` accepts. */
type DagClass<S> = new () => { wire(tasks: never, run: Run<ParamsOf<S>>): void };

type Decorated<This, A extends unknown[], R> = (this: This, ...args: A) => R;
type MethodContext<This, A extends unknown[], R> = ClassMethodDecoratorContext<
  This,
  Decorated<This, A, R>
>;

/**
 * Marks a method as a task; its id is the method's name unless the options give one.
 *
 * @example @Task({ retries: 3 }) async extract(day: string): Promise<Row[]> { … }
 */
export function Task<F = undefined, T = undefined>(
  options: TaskOptions & OptionalResume<F> & OptionalTarget<T> = {},
) {
  return <This, A extends unknown[], R>(
    body: Decorated<This, A, R> &
      MustCarry<ValueOf<Awaited<R>>> &
      MustGoOn<R, F> &
      MustMeet<A, ValueOf<Awaited<R>>, T>,
    context: MethodContext<This, A, R>,
  ): void => mark(work, options, body, context);
}

/** What a method answers; only with `resume` may it defer. */
type MaybeLater<T, F> =
  | T
  | PromiseLike<T>
  | ([F] extends [AnyResume] ? AnyDeferred | PromiseLike<T | AnyDeferred> : never);

/**
 * Marks a method as a branch, as `branch` makes one of a function; `choice` says what its cases are.
 *
 * @example @Branch() check(rows: number) { return rows > 1000 ? "big" : "small"; }
 */
export function Branch<F = undefined>(options: TaskOptions & OptionalResume<F> = {}) {
  return <This, A extends unknown[], R extends MaybeLater<BranchAnswer, F>>(
    body: Decorated<This, A, R> & MustName<CasesOf<ResumedValue<R, F>>> & MustGoOn<R, F>,
    context: MethodContext<This, A, R>,
  ): void => mark(branching, options, body, context);
}

/**
 * Marks a method as a short circuit, as `shortCircuit` makes one of a function.
 *
 * @example @ShortCircuit() isWorkday(day: string) { return !holidays.has(day); }
 */
export function ShortCircuit<F = undefined>(options: ShortCircuitOptions & OptionalResume<F> = {}) {
  return <This, A extends unknown[], R extends MaybeLater<boolean, F>>(
    body: Decorated<This, A, R> & MustGoOn<R, F>,
    context: MethodContext<This, A, R>,
  ): void => mark(shortCircuiting, options, body, context);
}

/** Of a sensor, `resume` answers as the body does. */
type MustSense<R, F> = [F] extends [AnyResume]
  ? MustFit<R, F> & MustPromise<R, SensorValue<Returned<Resumed<F>>>>
  : MustBring<R>;

/** What a sensor method answers: `true` would be its value for the compiler, so it says `done()`. */
type MethodAnswer = Done<unknown> | AnyDeferred | false | null | undefined | void;

/**
 * Marks a method as a sensor, as `sensor` makes one of a function; it answers `done()`, `done(value)` or false.
 *
 * @example @Sensor({ mode: "reschedule" }) async file(path: string) { return (await exists(path)) && done(path); }
 */
export function Sensor<F = undefined>(options: SensorOptions & OptionalResume<F> = {}) {
  return <This, A extends unknown[], R extends MethodAnswer | PromiseLike<MethodAnswer>>(
    body: Decorated<This, A, R> & MustCarry<SensorValue<Awaited<R>>> & MustSense<R, F>,
    context: MethodContext<This, A, R>,
  ): void => mark(sensing, options, body, context);
}

/** What a decorator leaves on a method. */
type Marked = {
  readonly kind: Kind<TaskOptions>;
  readonly options: TaskOptions & { readonly id: string };
};

function mark<O extends TaskOptions>(
  kind: Kind<O>,
  options: O,
  body: object,
  context: { readonly name: string | symbol; readonly static: boolean; readonly private: boolean },
): void {
  const name = String(context.name);
  if (context.static || context.private) {
    throw new MillraceError(
      "DAG_INVALID",
      `the method "${name}" is decorated as a ${kind.word}, so it must be neither static nor private`,
    );
  }
  Object.defineProperty(body, taskMark, { value: { kind, options: { id: name, ...options } } });
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
    const definition = makeDag<ParamsGivenOf<S>, unknown>(id, rest, () =>
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
  const { kind, options } = method[taskMark] as Marked;
  const body = method as unknown as (this: object, ...args: unknown[]) => unknown;
  return makeTask(kind, { options, body: (...args: unknown[]) => body.apply(instance(), args) });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && value !== Object.prototype;
}

function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
