"use client";
import { createContext } from "react";

/** What nodes can do; stable, so that no node renders again because of it. */
export type GraphActions = {
  readonly onSelect: (taskId: string | null) => void;
  readonly onFold: (groupId: string, isFolded: boolean) => void;
};

export const GraphContext = createContext<GraphActions>({ onSelect() {}, onFold() {} });
