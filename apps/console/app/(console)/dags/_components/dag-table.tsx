"use client";
import { Play } from "lucide-react";
import Link from "next/link";
import type { Dag } from "@millrace/wire/v1";
import { Button } from "../../../../components/button.tsx";
import { PauseSwitch } from "../../../../components/pause-switch.tsx";
import { RunBars } from "../../../../components/run-bars.tsx";
import { ScheduleWords } from "../../../../components/schedule-words.tsx";
import { Time } from "../../../../components/time.tsx";
import { msOf, plural } from "../../../../lib/format.ts";

type Props = { readonly dags: readonly Dag[]; readonly onTrigger: (dag: Dag) => void };

const head = "px-3 py-2 text-left text-label font-medium text-muted";

export function DagTable({ dags, onTrigger }: Props) {
  return (
    <table className="w-full border-collapse">
      <thead className="max-md:sr-only">
        <tr className="border-b border-line bg-surface">
          <th className={`${head} w-12`}>
            <span className="sr-only">Active</span>
          </th>
          <th className={head}>DAG</th>
          <th className={`${head} hidden xl:table-cell`}>Schedule</th>
          <th className={`${head} hidden xl:table-cell`}>Next run</th>
          <th className={head}>Last runs</th>
          <th className={`${head} w-24`}>
            <span className="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {dags.map((dag) => (
          <DagRow key={dag.dagId} dag={dag} onTrigger={onTrigger} />
        ))}
      </tbody>
    </table>
  );
}

type RowProps = { readonly dag: Dag; readonly onTrigger: (dag: Dag) => void };

function DagRow({ dag, onTrigger }: RowProps) {
  return (
    <tr
      data-dag={dag.dagId}
      className="ghost-transition hover:bg-hover max-md:grid max-md:grid-cols-[auto_1fr_auto] max-md:items-center max-md:gap-y-1 max-md:py-2"
    >
      <td className="px-3 py-2">
        <PauseSwitch dagId={dag.dagId} isPaused={dag.isPaused} />
      </td>
      {/* It takes what the others leave, and what is too long for that is cut. */}
      <td className="min-w-0 px-3 py-2 md:w-full md:max-w-0">
        <div className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
          <Link
            href={`/dags/${dag.dagId}`}
            className={`font-medium break-all hover:text-accent hover:underline ${dag.isPaused ? "text-muted" : ""}`}
          >
            {dag.dagId}
          </Link>
          {dag.tags.map((tag) => (
            <span
              key={tag}
              className="rounded-full border border-line px-1.5 text-label text-muted"
            >
              {tag}
            </span>
          ))}
        </div>
        <p className="truncate text-dense text-muted" title={dag.description}>
          {dag.description === "" ? plural(dag.taskCount, "task") : dag.description}
        </p>
      </td>
      <td className="hidden px-3 py-2 xl:table-cell">
        <ScheduleWords schedule={dag.schedule} timezone={dag.timezone} />
      </td>
      <td className="hidden px-3 py-2 xl:table-cell">
        {dag.isPaused && dag.schedule !== "" ? (
          <span className="text-muted">Paused</span>
        ) : (
          <Time at={msOf(dag.nextRunAt)} />
        )}
      </td>
      <td className="px-3 py-2 max-md:col-span-3 max-md:col-start-1 max-md:row-start-2 max-md:pl-14">
        <RunBars runs={dag.recentRuns} />
      </td>
      <td className="px-3 py-2 text-right max-md:col-start-3 max-md:row-start-1">
        <Button onClick={() => onTrigger(dag)} aria-label={`Trigger ${dag.dagId}`}>
          <Play size={13} aria-hidden /> Trigger
        </Button>
      </td>
    </tr>
  );
}
