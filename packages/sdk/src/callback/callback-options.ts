/** The options that name callbacks: how they are read, compiled, and found again by a worker. */

import type { CallbackSpec } from "@millrace/engine";
import {
  readCallback,
  type CallbackFunction,
  type Callbacks,
  type ReadCallback,
} from "./callback.ts";
import { encodeText } from "../codec/codec.ts";
import { refuseOption, type Read } from "../options/read-options.ts";

/** Callbacks of a run. */
export type RunCallbackOptions = {
  /** Done when it succeeds: functions and notifiers, run by a worker. */
  readonly onSuccess?: Callbacks;
  /** Done when it fails for good: functions and notifiers, run by a worker. */
  readonly onFailure?: Callbacks;
  /** Done when one of its deadlines passes and it has not succeeded. */
  readonly onDeadlineMissed?: Callbacks;
  /** Done before that, when one of its deadlines is estimated to be missed. */
  readonly onDeadlineAtRisk?: Callbacks;
};

/** Callbacks of a task. Those of the task replace those of the DAG's defaults. */
export type TaskCallbackOptions = RunCallbackOptions & {
  /** Done when an attempt has failed and another follows. */
  readonly onRetry?: Callbacks;
  /** Done when its body chose not to run; not when it is skipped by what came before it. */
  readonly onSkipped?: Callbacks;
};

export type CallbackOption = keyof TaskCallbackOptions;

/** In the order in which the spec has them. */
const events = {
  onSuccess: "success",
  onFailure: "failure",
  onRetry: "retry",
  onSkipped: "skipped",
  onDeadlineMissed: "deadline_missed",
  onDeadlineAtRisk: "deadline_at_risk",
} as const satisfies Record<CallbackOption, CallbackSpec["on"]>;

/** Callbacks as read, by option. */
export type ReadCallbacks = { readonly [K in CallbackOption]?: readonly ReadCallback[] };

function reader(option: CallbackOption): Read<readonly ReadCallback[]> {
  return (value, name) => {
    const all: readonly unknown[] = Array.isArray(value) ? value : [value];
    return all.map(
      (one) =>
        readCallback(one, option) ??
        refuseOption(name, one, "a function, a notifier, or a list of these"),
    );
  };
}

export const runCallbackReaders = {
  onSuccess: reader("onSuccess"),
  onFailure: reader("onFailure"),
  onDeadlineMissed: reader("onDeadlineMissed"),
  onDeadlineAtRisk: reader("onDeadlineAtRisk"),
};

export const taskCallbackReaders = {
  ...runCallbackReaders,
  onRetry: reader("onRetry"),
  onSkipped: reader("onSkipped"),
};

/** Callbacks in one list, as specs have them. @param taskId empty for those of the run. */
export function callbackSpecs(taskId: string, callbacks: ReadCallbacks): CallbackSpec[] {
  const options = Object.keys(events) as CallbackOption[];
  return options.flatMap((option) =>
    (callbacks[option] ?? []).map((callback, place): CallbackSpec => {
      const { name, config } = callback;
      const what = `the config of the callback "${name}"`;
      return {
        on: events[option],
        handler: callback.kind === "external" ? callback.handler : `${taskId}#${option}/${place}`,
        isExternal: callback.kind === "external",
        config: config === undefined ? "" : encodeText(config, what),
        name,
      };
    }),
  );
}

const handlerSyntax =
  /^(.*)#(onSuccess|onFailure|onRetry|onSkipped|onDeadlineMissed|onDeadlineAtRisk)\/(\d{1,4})$/s;

/** Where in a DAG's options the callback of a handler stands. */
export type CallbackPlace = {
  /** What stands before: a task's handler, or of a callback of the run something that ends without a task. */
  readonly owner: string;
  readonly option: CallbackOption;
  readonly place: number;
};

/** Null for the handler of a task. No task's id has a "/". */
export function callbackPlaceOf(handler: string): CallbackPlace | null {
  const match = handlerSyntax.exec(handler);
  if (match === null) return null;
  const [, owner = "", option, place] = match;
  return { owner, option: option as CallbackOption, place: Number(place) };
}

/** The function at a place; undefined when there is none of the bundle. */
export function callbackAt(
  callbacks: ReadCallbacks,
  { option, place }: CallbackPlace,
): CallbackFunction | undefined {
  const callback = callbacks[option]?.[place];
  // A notifier's function gets its config as the second argument, from the spec.
  return callback?.kind === "bundle" ? (callback.notify as CallbackFunction) : undefined;
}
