"use client";
import { useUrlState } from "../../../../../lib/use-url-state.ts";

/** Other tasks of the run, each a step away. */
export function TaskLinks({ taskIds }: { readonly taskIds: readonly string[] }) {
  const [, setParams] = useUrlState();
  return (
    <ul aria-label="Tasks concerned" className="flex flex-wrap gap-1.5">
      {taskIds.map((taskId) => (
        <li key={taskId}>
          <button
            type="button"
            onClick={() =>
              setParams({ task: taskId, tab: null, map: null, try: null }, { isStep: true })
            }
            className="rounded-control border border-line bg-raised px-1.5 py-px font-mono text-dense hover:border-accent hover:text-accent"
          >
            {taskId}
          </button>
        </li>
      ))}
    </ul>
  );
}
