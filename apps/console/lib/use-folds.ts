"use client";
import { useCallback, useState } from "react";
import { foldedAtFirst } from "./graph-layout.ts";
import type { GraphSource } from "./graph-layout.ts";

export type Folds = readonly [ReadonlySet<string>, (folded: ReadonlySet<string>) => void];

/** Which groups of a DAG are folded, as this browser left them; at first as many as make the graph readable. */
export function useFolds(dagId: string, source: GraphSource): Folds {
  const [folded, setFolded] = useState(() => storedFolds(dagId, source) ?? foldedAtFirst(source));
  const change = useCallback(
    (next: ReadonlySet<string>) => {
      setFolded(next);
      localStorage.setItem(keyOf(dagId), JSON.stringify([...next]));
    },
    [dagId],
  );
  return [folded, change];
}

/** Groups that are gone meanwhile fold nothing. Null when nothing was stored, or nothing that can be read. */
function storedFolds(dagId: string, source: GraphSource): ReadonlySet<string> | null {
  const text = localStorage.getItem(keyOf(dagId));
  if (text === null) return null;
  try {
    const ids = JSON.parse(text) as unknown;
    if (!Array.isArray(ids)) return null;
    const groups = new Set(source.groups.map((group) => group.groupId));
    return new Set(ids.filter((id): id is string => typeof id === "string" && groups.has(id)));
  } catch {
    return null;
  }
}

function keyOf(dagId: string): string {
  return `millrace-folds:${dagId}`;
}
