"use client";
import { usePathname, useSearchParams } from "next/navigation";
import { useCallback } from "react";

export type UrlState = readonly [
  URLSearchParams,
  (
    changes: Readonly<Record<string, string | null>>,
    options?: { readonly isStep?: boolean },
  ) => void,
];

/** What is selected and filtered lives in the address. `isStep` makes the change one that Back undoes. */
export function useUrlState(): UrlState {
  const params = useSearchParams();
  const pathname = usePathname();
  const change = useCallback(
    (changes: Readonly<Record<string, string | null>>, { isStep = false } = {}) => {
      // Read now, not when rendered: two changes in one moment must not undo each other.
      const next = new URLSearchParams(window.location.search);
      for (const [key, value] of Object.entries(changes)) {
        if (value === null || value === "") next.delete(key);
        else next.set(key, value);
      }
      const query = next.toString();
      // Touching the history without need would drop a navigation that is on its way.
      if (query === new URLSearchParams(window.location.search).toString()) return;
      const address = query === "" ? pathname : `${pathname}?${query}`;
      if (isStep) window.history.pushState(null, "", address);
      else window.history.replaceState(null, "", address);
    },
    [pathname],
  );
  return [params, change];
}
