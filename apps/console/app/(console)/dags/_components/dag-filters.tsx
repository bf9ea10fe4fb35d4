"use client";
import { Search, X } from "lucide-react";
import { useEffect, useState } from "react";
import type { Dag } from "@millrace/wire/v1";
import { useUrlState } from "../../../../lib/use-url-state.ts";

/** Typing is sent on after a moment of rest. */
const restMs = 180;

/** Tags offered beside the chosen one. */
const tagsMax = 12;

const switches = [
  { value: null, label: "All" },
  { value: "false", label: "Active" },
  { value: "true", label: "Paused" },
] as const;

export function DagFilters({ dags }: { readonly dags: readonly Dag[] }) {
  const [params, setParams] = useUrlState();
  const tag = params.get("tag");
  const paused = params.get("paused");
  return (
    <div className="flex flex-wrap items-center gap-2">
      <SearchBox />
      <div
        role="group"
        aria-label="Paused or not"
        className="flex rounded-control border border-line p-px"
      >
        {switches.map(({ value, label }) => (
          <button
            key={label}
            type="button"
            aria-pressed={paused === value}
            onClick={() => setParams({ paused: value })}
            className="ghost-transition h-[26px] rounded-[5px] px-2.5 text-muted hover:text-text aria-pressed:bg-selected aria-pressed:font-medium aria-pressed:text-accent"
          >
            {label}
          </button>
        ))}
      </div>
      <div role="group" aria-label="Tag" className="flex flex-wrap gap-1">
        {tagsOf(dags, tag).map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === tag}
            onClick={() => setParams({ tag: name === tag ? null : name })}
            className="ghost-transition inline-flex h-6 items-center gap-1 rounded-full border border-line px-2 text-dense text-muted hover:bg-hover hover:text-text aria-pressed:border-accent aria-pressed:bg-selected aria-pressed:text-accent"
          >
            {name}
            {name === tag && <X size={12} aria-hidden />}
          </button>
        ))}
      </div>
    </div>
  );
}

function SearchBox() {
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
        aria-label="Search DAGs"
        placeholder="Search DAGs  ( / )"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        className="h-7 w-full rounded-control border border-line-strong/50 bg-bg pr-2 pl-8"
      />
    </div>
  );
}

/** The chosen tag first, then the commonest of what is listed. */
function tagsOf(dags: readonly Dag[], chosen: string | null): readonly string[] {
  const counts = new Map<string, number>();
  for (const name of dags.flatMap((dag) => dag.tags)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const names = [...counts.keys()]
    .filter((name) => name !== chosen)
    .sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || a.localeCompare(b))
    .slice(0, tagsMax);
  return chosen === null ? names : [chosen, ...names];
}
