"use client";
import { useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { DagRunService, DagService, RunState } from "@millrace/wire/v1";
import type { DagRun } from "@millrace/wire/v1";
import { ChangeBar } from "../../../../../components/change/change-bar.tsx";
import { LazyChange } from "../../../../../components/change/lazy-change.tsx";
import { Notice } from "../../../../../components/change/notice.tsx";
import { LazyGraph } from "../../../../../components/graph/lazy-graph.tsx";
import { Empty, ErrorFace, SkeletonRows } from "../../../../../components/faces.tsx";
import { SidePanel } from "../../../../../components/side-panel.tsx";
import { TopBar } from "../../../../../components/top-bar.tsx";
import type { Change } from "../../../../../lib/changes.ts";
import { chosenWords, subjectOf, useChoosing } from "../../../../../lib/choosing.ts";
import { callFailure } from "../../../../../lib/failures.ts";
import type { RunLive } from "../../../../../lib/run-live.ts";
import { isFinalRun, runFace } from "../../../../../lib/states.ts";
import { useEscape } from "../../../../../lib/use-escape.ts";
import { runKey, useRun } from "../../../../../lib/use-run.ts";
import { useUrlState } from "../../../../../lib/use-url-state.ts";
import { useStateInTab } from "../../../../../lib/use-state-in-tab.ts";
import { changeOf } from "./change-target.ts";
import { LazyTaskPanel } from "./lazy-task-panel.tsx";
import { RunCallbacks, hasCallbacks } from "./run-callbacks.tsx";
import { RunDeadlines, hasDeadlines } from "./run-deadlines.tsx";
import { RunInputs } from "./run-inputs.tsx";
import { RunEvents } from "./run-events.tsx";
import { RunHeader } from "./run-header.tsx";
import { RunResult } from "./run-result.tsx";
import { TaskTable } from "./task-table.tsx";

/** A final run is looked at this often, in case a person lets it run again. */
const reopenedPollMs = 10_000;

type Props = { readonly runId: string };

export function RunPage({ runId }: Props) {
  const query = useRun(runId);
  const live = query.data;
  return (
    <>
      <TopBar
        crumbs={[
          { label: "DAGs", href: "/dags" },
          ...(live === undefined
            ? []
            : [{ label: live.run.dagId, href: `/dags/${live.run.dagId}` }]),
          { label: live?.run.runName ?? runId },
        ]}
      />
      {live !== undefined ? (
        <Run live={live} />
      ) : query.isError ? (
        callFailure(query.error).isNotFound ? (
          <Empty title="No DAG run has this id">
            <p className="font-mono text-dense break-all">{runId}</p>
          </Empty>
        ) : (
          <ErrorFace
            error={query.error}
            what="The run could not be read"
            onRetry={() => void query.refetch()}
          />
        )
      ) : (
        <SkeletonRows rows={10} />
      )}
    </>
  );
}

function Run({ live }: { readonly live: RunLive }) {
  const { run, tasks } = live;
  const [params, setParams] = useUrlState();
  const selected = params.get("task");
  const select = useCallback(
    (taskId: string | null) =>
      setParams(
        { task: taskId, map: null, try: null, istate: null, ...(taskId === null && { tab: null }) },
        { isStep: true },
      ),
    [setParams],
  );
  const choosing = useChoosing();
  const { toggle, none } = choosing;
  const chooseTasks = useCallback(
    (taskIds: readonly string[]) => toggle(taskIds.map((taskId) => ({ taskId, mapIndex: null }))),
    [toggle],
  );
  const [change, setChange] = useState<Change | null>(null);
  const [notice, setNotice] = useState<string | null>(null);
  const gone = useCallback(() => setNotice(null), []);
  const isAsking = change !== null;
  const close = selected !== null ? () => select(null) : choosing.chosen.size > 0 ? none : null;
  useStateInTab(runFace(run), run.dagId);
  useReopening(run);
  useEscape(isAsking ? null : close);
  const query = useQuery(
    DagService.method.getDagSpec,
    { dagId: run.dagId, version: run.dagVersion },
    // A version never changes.
    { staleTime: Infinity },
  );
  const spec = query.data?.spec ?? null;
  const ask = (kind: Change["kind"]) => {
    const keys = [...choosing.chosen.values()];
    setChange(changeOf(kind, { run, keys, subject: subjectOf(keys) }));
  };
  return (
    <div className="flex min-h-0 flex-1">
      <div className="min-w-0 flex-1 overflow-y-auto">
        <RunHeader live={live} spec={spec} onChange={setChange} onDone={setNotice} />
        {run.state === RunState.SUCCESS && spec !== null && spec.resultTaskId !== "" && (
          <RunResult
            run={run}
            taskId={spec.resultTaskId}
            task={tasks.get(spec.resultTaskId)}
            onTask={select}
          />
        )}
        {spec !== null ? (
          <LazyGraph
            spec={spec}
            tasks={tasks}
            selected={selected}
            onSelect={select}
            chosen={choosing.tasks}
            onChoose={chooseTasks}
            isSnug
            className="border-b border-line"
          />
        ) : query.isError ? (
          <div className="border-b border-line">
            <ErrorFace
              error={query.error}
              what="The graph could not be read"
              onRetry={() => void query.refetch()}
            />
          </div>
        ) : (
          <div className="h-40 border-b border-line" />
        )}
        {spec?.inputs !== undefined && <RunInputs run={run} />}
        {spec !== null && hasDeadlines(spec) && <RunDeadlines run={run} />}
        <TaskTable
          live={live}
          spec={spec}
          selected={selected}
          onSelect={select}
          chosen={choosing.tasks}
          onChoose={chooseTasks}
        />
        <RunEvents run={run} />
        {spec !== null && hasCallbacks(spec) && (
          <RunCallbacks run={run} tasks={tasks} onTask={select} />
        )}
        <ChangeBar
          words={chosenWords([...choosing.chosen.values()])}
          onClear={() => ask("clear")}
          onMark={() => ask("mark")}
          onNone={none}
        />
      </div>
      {selected !== null && (
        <SidePanel label={`Task ${selected}`}>
          <LazyTaskPanel
            key={selected}
            live={live}
            spec={spec}
            taskId={selected}
            choosing={choosing}
            onChange={setChange}
            onClose={() => select(null)}
          />
        </SidePanel>
      )}
      <LazyChange
        change={change}
        onClose={() => setChange(null)}
        onDone={(message) => {
          setChange(null);
          setNotice(message);
          none();
        }}
      />
      <Notice message={notice} onGone={gone} />
    </div>
  );
}

/** A run that was final may be cleared by anybody: then it moves again. */
function useReopening(run: DagRun): void {
  const { data } = useQuery(
    DagRunService.method.getDagRun,
    { runId: run.runId },
    { enabled: isFinalRun(run.state), refetchInterval: reopenedPollMs, staleTime: reopenedPollMs },
  );
  const queryClient = useQueryClient();
  const isNews = isFinalRun(run.state) && (data?.run?.revision ?? 0n) > run.revision;
  useEffect(() => {
    if (isNews) void queryClient.invalidateQueries({ queryKey: runKey(run.runId) });
  }, [isNews, queryClient, run.runId]);
}
