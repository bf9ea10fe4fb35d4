"use client";
import { useCallback, useMemo, useState } from "react";
import { plural } from "./format.ts";

/** A task instance of one run; `mapIndex` null means the task, with all its instances when it is mapped. */
export type InstanceKey = { readonly taskId: string; readonly mapIndex: number | null };

export type Choosing = {
  /** By `keyText`, in the order they were chosen. */
  readonly chosen: ReadonlyMap<string, InstanceKey>;
  /** Whole tasks among them. */
  readonly tasks: ReadonlySet<string>;
  /** Takes them out when all are chosen, else adds those that are not. */
  readonly toggle: (keys: readonly InstanceKey[]) => void;
  readonly none: () => void;
};

export function keyText({ taskId, mapIndex }: InstanceKey): string {
  return mapIndex === null ? taskId : `${taskId}[${mapIndex}]`;
}

/** What a change is to be made to. */
export function useChoosing(): Choosing {
  const [chosen, setChosen] = useState<ReadonlyMap<string, InstanceKey>>(new Map());
  const toggle = useCallback(
    (keys: readonly InstanceKey[]) => setChosen((before) => toggled(before, keys)),
    [],
  );
  const none = useCallback(() => setChosen(new Map()), []);
  const tasks = useMemo(
    () =>
      new Set([...chosen.values()].filter((key) => key.mapIndex === null).map((key) => key.taskId)),
    [chosen],
  );
  return { chosen, tasks, toggle, none };
}

export function toggled(
  before: ReadonlyMap<string, InstanceKey>,
  keys: readonly InstanceKey[],
): ReadonlyMap<string, InstanceKey> {
  const next = new Map(before);
  const isAll = keys.every((key) => before.has(keyText(key)));
  for (const key of keys) {
    if (isAll) next.delete(keyText(key));
    else next.set(keyText(key), key);
  }
  return next;
}

/** `3 tasks and 12 instances chosen`; empty for none. */
export function chosenWords(keys: readonly InstanceKey[]): string {
  return keys.length === 0 ? "" : `${countWords(keys)} chosen`;
}

/** What a dialog calls what is chosen: one by its name, more by their number. */
export function subjectOf(keys: readonly InstanceKey[]): string {
  const [only] = keys;
  if (keys.length !== 1 || only === undefined) return countWords(keys);
  return only.mapIndex === null ? only.taskId : `${only.taskId} [${only.mapIndex}]`;
}

function countWords(keys: readonly InstanceKey[]): string {
  const tasks = keys.filter((key) => key.mapIndex === null).length;
  const instances = keys.length - tasks;
  return [
    tasks > 0 ? plural(tasks, "task") : "",
    instances > 0 ? plural(instances, "instance") : "",
  ]
    .filter((word) => word !== "")
    .join(" and ");
}
