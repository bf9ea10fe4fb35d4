"use client";
import { useQuery } from "@connectrpc/connect-query";
import { useCallback, useState } from "react";
import { DagService, SensorMode, TaskKind } from "@millrace/wire/v1";
import type { Dag, SensorSpec, TaskSpec } from "@millrace/wire/v1";
import { EvidenceLinks } from "../../../../../components/evidence-links.tsx";
import { LazyGraph } from "../../../../../components/graph/lazy-graph.tsx";
import { Unanswered } from "../../../../../components/faces.tsx";
import { marksOf, ruleName } from "../../../../../lib/map-shape.ts";
import { limitsOf } from "../../../../../lib/task-limits.ts";
import { durationMsOf, formatDuration, plural } from "../../../../../lib/format.ts";

/** The graph of the newest version, and the options of the task that is chosen in it. */
export function DefinitionTab({ dag }: { readonly dag: Dag }) {
  const [selected, setSelected] = useState<string | null>(null);
  const select = useCallback((taskId: string | null) => setSelected(taskId), []);
  const query = useQuery(
    DagService.method.getDagSpec,
    { dagId: dag.dagId, version: dag.version },
    { staleTime: Infinity },
  );
  const spec = query.data?.spec;
  if (spec === undefined) {
    return <Unanswered query={query} what="The graph could not be read" rows={4} />;
  }
  const task = spec.tasks.find((one) => one.taskId === selected);
  return (
    <div className="relative">
      <LazyGraph
        spec={spec}
        tasks={null}
        selected={selected}
        onSelect={select}
        className="h-[calc(100dvh-16rem)] min-h-80"
      />
      {task !== undefined && <TaskOptions task={task} />}
    </div>
  );
}

function TaskOptions({ task }: { readonly task: TaskSpec }) {
  const timeout = durationMsOf(task.executionTimeout);
  const facts = [
    ["Handler", task.handler],
    [
      "Runs in",
      task.kind === TaskKind.EXTERNAL ? "workers with the handler" : "any worker with bundles",
    ],
    ["Queue", task.queue === "" ? "default" : task.queue],
    ["Rule", ruleName(task.triggerRule)],
    ...(task.each.length > 0 ? ([["Mapped", plural(task.each.length, "dimension")]] as const) : []),
    ...(task.cases.length > 0
      ? ([["Cases", task.cases.map((one) => one.name).join(", ")]] as const)
      : []),
    ...(task.sensor === undefined ? [] : ([["Looks", looksOf(task.sensor)]] as const)),
    ["Retries", retriesOf(task)],
    ["Timeout", timeout === null ? "none" : formatDuration(timeout)],
    ["Owner", task.owner === "" ? "the DAG's" : task.owner],
  ] as const;
  return (
    <aside
      aria-label={`Options of ${task.taskId}`}
      className="absolute top-14 right-4 max-h-[calc(100%-4.5rem)] w-72 max-w-[calc(100%-1.5rem)] space-y-2 overflow-y-auto rounded-panel border border-line bg-raised p-3 shadow-overlay"
    >
      <h2 className="font-medium break-all">{task.taskId}</h2>
      {marksOf(task).map(({ kind, title }) => (
        <p key={kind} className="text-dense text-muted">
          {title}
        </p>
      ))}
      {task.docs !== "" && <p className="text-muted">{task.docs}</p>}
      <dl className="grid grid-cols-[5rem_1fr] gap-y-0.5 text-dense">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="break-words">{value}</dd>
          </div>
        ))}
        {limitsOf(task).map(({ name, words, places = [] }) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd className="break-words">{words ?? <EvidenceLinks places={places} />}</dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}

function looksOf({ interval, timeout, mode }: SensorSpec): string {
  const every = formatDuration(durationMsOf(interval) ?? sensorIntervalMs);
  const until = formatDuration(durationMsOf(timeout) ?? sensorTimeoutMs);
  const slot = mode === SensorMode.RESCHEDULE ? "gives its slot back" : "keeps its slot";
  return `every ${every} for ${until}, ${slot}`;
}

/** What the api means where a sensor says nothing. */
const sensorIntervalMs = 60_000;
const sensorTimeoutMs = 7 * 86_400_000;

function retriesOf(task: TaskSpec): string {
  if (task.retries === 0) return "none";
  const delay = durationMsOf(task.retryDelay);
  const wait = delay === null ? "" : `, ${formatDuration(delay)} apart`;
  const grows = task.retryBackoff > 1 ? `, times ${task.retryBackoff}` : "";
  return `${plural(task.retries, "time")}${wait}${grows}`;
}
