"use client";
import { useEffect } from "react";

/** Calls `act` on Escape, unless something closer to the focus took the key. Null: nothing to leave. */
export function useEscape(act: (() => void) | null): void {
  useEffect(() => {
    if (act === null) return undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) act();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [act]);
}
