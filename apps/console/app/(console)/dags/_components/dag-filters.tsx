"use client";
import { X } from "lucide-react";
import type { Dag } from "@millrace/wire/v1";
import { SearchBox } from "../../../../components/search-box.tsx";
import { useUrlState } from "../../../../lib/use-url-state.ts";

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
      <SearchBox label="Search DAGs" placeholder="Search DAGs" />
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
