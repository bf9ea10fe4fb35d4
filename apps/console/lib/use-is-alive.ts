"use client";
import { useSyncExternalStore } from "react";

const never = () => () => undefined;

/** False in what the server drew, until the browser has brought the page to life: what is pressed before then does nothing. */
export function useIsAlive(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
}
