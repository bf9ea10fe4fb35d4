"use client";
import { useEffect, useRef } from "react";

/** Calls `act` when `value` differs from the time before; not for the first value. */
export function useOnChange(value: string, act: () => unknown): void {
  const seen = useRef(value);
  useEffect(() => {
    if (seen.current === value) return;
    seen.current = value;
    act();
  }, [value, act]);
}
