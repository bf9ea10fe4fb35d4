"use client";
import { ChevronRight } from "lucide-react";
import { useState } from "react";
import type { DagRun, DagSpec, TaskInstance } from "@millrace/wire/v1";
import { Deliveries } from "../../../../../components/callbacks/deliveries.tsx";
import { isFinalTask } from "../../../../../lib/states.ts";

type Props = {
  readonly run: DagRun;
  readonly tasks: ReadonlyMap<string, TaskInstance>;
  readonly onTask: (taskId: string) => void;
};

/** Who was told about the run and its tasks, and how far that is. */
export function RunCallbacks({ run, tasks, onTask }: Props) {
  const [isOpen, setOpen] = useState(true);
  // Callbacks follow from ends and retries: what changes with these is worth asking again.
  const settled = [...tasks.values()].filter(({ state }) => isFinalTask(state)).length;
  const tries = [...tasks.values()].reduce((sum, task) => sum + task.tryNumber, 0);
  return (
    <section aria-labelledby="callbacks" className="border-t border-line px-4 py-3 md:px-6">
      <h2 id="callbacks" className="font-medium">
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
          className="-ml-1 inline-flex items-center gap-1 rounded-control px-1 hover:bg-hover"
        >
          <ChevronRight
            size={15}
            aria-hidden
            className={`text-muted transition-transform duration-150 ${isOpen ? "rotate-90" : ""}`}
          />
          Callbacks
        </button>
      </h2>
      {isOpen && (
        <Deliveries runId={run.runId} change={`${run.state}/${settled}/${tries}`} onTask={onTask} />
      )}
    </section>
  );
}

/** Whether anything of the DAG calls somebody. */
export function hasCallbacks(spec: DagSpec): boolean {
  return spec.callbacks.length > 0 || spec.tasks.some((task) => task.callbacks.length > 0);
}
