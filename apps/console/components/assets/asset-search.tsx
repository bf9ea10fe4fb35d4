"use client";
import { Search } from "lucide-react";
import { useEffect, useState } from "react";
import { useUrlState } from "../../lib/use-url-state.ts";

/** Typing is sent on after a moment of rest. */
const restMs = 180;

export function AssetSearch() {
  const [params, setParams] = useUrlState();
  const search = params.get("q") ?? "";
  const [typed, setTyped] = useState(search);
  useEffect(() => {
    const timer = setTimeout(() => setParams({ q: typed.trim() }), restMs);
    return () => clearTimeout(timer);
  }, [typed, setParams]);
  // The address can change by itself: Back, or "clear the filter".
  const [seen, setSeen] = useState(search);
  if (search !== seen) {
    setSeen(search);
    if (search !== typed.trim()) setTyped(search);
  }
  return (
    <div className="relative w-full sm:w-72">
      <Search
        size={15}
        aria-hidden
        className="absolute top-1/2 left-2.5 -translate-y-1/2 text-muted"
      />
      <input
        type="search"
        data-page-search
        aria-label="Search assets"
        placeholder="Search uris, names, groups"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        className="h-7 w-full rounded-control border border-line bg-raised pr-2 pl-8"
      />
    </div>
  );
}
