"use client";
import { createContext } from "react";

/** What nodes can do; stable, so that no node renders again because of it. */
export type GraphActions = {
  readonly onSelect: (taskId: string | null) => void;
  /** Adds these tasks to what is chosen for a change, or takes them out; null where nothing can be chosen. */
  readonly onChoose: ((taskIds: readonly string[]) => void) | null;
  readonly onFold: (groupId: string, isFolded: boolean) => void;
};

export const GraphContext = createContext<GraphActions>({
  onSelect() {},
  onChoose: null,
  onFold() {},
});

/** Whether a click means "this one too". A key press on a focused node carries the same marks. */
export function isAdding(event: {
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
}): boolean {
  return event.shiftKey || event.ctrlKey || event.metaKey;
}
