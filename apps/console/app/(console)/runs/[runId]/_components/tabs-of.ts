import { TaskState } from "@millrace/wire/v1";
import type { Attempt, TaskSpec } from "@millrace/wire/v1";

export type PanelTab = { readonly value: string; readonly label: string };

type Instance = {
  readonly attempts: readonly Attempt[];
  readonly spec: TaskSpec | undefined;
  /** It asks a person, or did since the panel was opened. */
  readonly hasAsked: boolean;
};

/** What there is to see of a task instance. A form only where one was asked, callbacks only where there are any. */
export function tabsOf({ attempts, spec, hasAsked }: Instance): readonly PanelTab[] {
  const isAsked = hasAsked || attempts.some(({ state }) => state === TaskState.AWAITING_INPUT);
  return [
    ...(isAsked ? [{ value: "input", label: "Input" }] : []),
    { value: "logs", label: "Logs" },
    { value: "explain", label: "Explain" },
    { value: "details", label: "Details" },
    { value: "values", label: "Values" },
    ...((spec?.callbacks.length ?? 0) > 0 ? [{ value: "callbacks", label: "Callbacks" }] : []),
  ];
}
