"use client";
import { useQuery } from "@connectrpc/connect-query";
import Link from "next/link";
import { Fragment, type ReactNode } from "react";
import { RunState, RunType, TaskInstanceService } from "@millrace/wire/v1";
import type { DagSpec } from "@millrace/wire/v1";
import { CopyButton } from "../../../../../components/copy-command.tsx";
import { StateBadge, StateGlyph } from "../../../../../components/state-glyph.tsx";
import { StateBar } from "../../../../../components/state-bar.tsx";
import { Elapsed, Time } from "../../../../../components/time.tsx";
import type { Change } from "../../../../../lib/changes.ts";
import { countsOfTasks, looksOfCounts, progressOf } from "../../../../../lib/counts.ts";
import { evidenceOf } from "../../../../../lib/evidence.ts";
import { formatCount, msOf, plural } from "../../../../../lib/format.ts";
import type { RunLive } from "../../../../../lib/run-live.ts";
import { runSentence } from "../../../../../lib/run-sentence.ts";
import { runTypeWord } from "../../../../../lib/run-types.ts";
import { isAsking, runFace } from "../../../../../lib/states.ts";
import { LazyRunActions } from "./lazy-run-actions.tsx";
import { RunLinks } from "./run-links.tsx";
import { RunParams } from "./run-params.tsx";

type Props = { readonly live: RunLive; readonly spec: DagSpec | null };

type HeaderProps = Props & {
  readonly onChange: (change: Change) => void;
  readonly onDone: (message: string) => void;
};

/** What this run is, how it stands and why, and how far it has come. */
export function RunHeader({ live, spec, onChange, onDone }: HeaderProps) {
  const { run, tasks } = live;
  const counts = countsOfTasks(spec ? spec.tasks.map((task) => task.taskId) : tasks.keys(), tasks);
  const { done, all } = progressOf(counts);
  const isAnyMapped = [...tasks.values()].some((task) => task.mapped !== undefined);
  const started = msOf(run.startedAt);
  const ended = msOf(run.endedAt);
  return (
    <header className="space-y-3 border-b border-line px-4 py-4 md:px-6">
      <div className="flex flex-wrap items-start gap-3">
        <div className="min-w-0 flex-1 basis-72 space-y-1">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <StateBadge face={runFace(run)} size={22} className="text-section" />
            <h1 className="text-title font-semibold tracking-tight break-all">{run.dagId}</h1>
            <Link
              href={`/dags/${run.dagId}?tab=code`}
              className="rounded-full border border-line px-2 text-dense text-muted hover:text-text"
              title="The version this run is pinned to"
            >
              v{run.dagVersion}
            </Link>
          </div>
          <p className="text-muted" data-testid="run-sentence">
            {runSentence(live)}{" "}
            {run.state === RunState.QUEUED && <QueuedReason live={live} spec={spec} />}
          </p>
        </div>
        <OpenInputs live={live} />
        <LazyRunActions run={run} tasks={tasks} onChange={onChange} onDone={onDone} />
      </div>
      <dl className="grid grid-cols-2 gap-x-8 gap-y-2 sm:flex sm:flex-wrap">
        <Fact name="Run" isWide>
          <span className="font-mono text-dense break-all">{run.runName}</span>
          <CopyButton text={run.runId} label="Copy the run id" size={12} />
        </Fact>
        <Fact name="Made by">
          {run.runType === RunType.BACKFILL ? (
            <Link
              href={`/backfills/${run.backfillId}`}
              className="hover:text-accent hover:underline"
            >
              Backfill
            </Link>
          ) : (
            <>
              {run.triggeredBy.startsWith("task:") ? "Task" : runTypeWord(run.runType)}
              {run.triggeredBy !== "" && <span className="text-muted"> · {run.triggeredBy}</span>}
            </>
          )}
        </Fact>
        <Fact name="Logical date">
          <Time at={msOf(run.logicalDate)} isAbsolute />
        </Fact>
        {run.partitionKey !== "" && (
          <Fact name="Partition">
            <span className="font-mono text-dense break-all">{run.partitionKey}</span>
          </Fact>
        )}
        <Fact name="Started">
          <Time at={started} />
        </Fact>
        <Fact name="Duration">
          <span data-testid="run-duration">
            <Elapsed from={started} to={ended} />
          </span>
        </Fact>
        <Fact name="Progress">
          <span data-testid="run-progress">
            {formatCount(done)} of {plural(all, isAnyMapped ? "task instance" : "task")}
          </span>
        </Fact>
      </dl>
      <StateBar counts={looksOfCounts(counts)} className="h-2" />
      {run.note !== "" && <p className="text-muted">Note: {run.note}</p>}
      <RunParams run={run} />
      <RunLinks runId={run.runId} spec={spec} hasParent={run.triggeredBy.startsWith("task:")} />
    </header>
  );
}

/** What people must answer before the run goes on: to the form where there is one, else to the list. */
function OpenInputs({ live }: Pick<Props, "live">) {
  const { run, tasks } = live;
  const counts = countsOfTasks(tasks.keys(), tasks);
  const count = counts.find(({ state }) => isAsking(state))?.count ?? 0;
  if (count === 0) return null;
  const only = [...tasks.values()].find(
    (task) => count === 1 && isAsking(task.state) && task.mapped === undefined,
  );
  return (
    <Link
      data-state="needs_input"
      data-testid="run-inputs"
      href={
        only === undefined
          ? `/inputs?run=${run.runId}`
          : `/runs/${run.runId}?task=${encodeURIComponent(only.taskId)}&tab=input`
      }
      className="ghost-transition inline-flex h-7 items-center gap-1.5 rounded-control border border-(--c) px-2.5 font-medium whitespace-nowrap hover:bg-hover"
    >
      <StateGlyph look="needs_input" size={16} />
      {plural(count, "input")} needed
    </Link>
  );
}

type FactProps = {
  readonly name: string;
  readonly isWide?: boolean;
  readonly children: ReactNode;
};

function Fact({ name, isWide = false, children }: FactProps) {
  return (
    <div className={`min-w-0 ${isWide ? "col-span-2" : ""}`}>
      <dt className="text-label text-muted">{name}</dt>
      <dd className="flex items-center gap-1">{children}</dd>
    </div>
  );
}

/** A queued run waits for the same gates as its first task, so that task is asked. */
function QueuedReason({ live, spec }: Props) {
  const taskId = spec?.tasks[0]?.taskId ?? "";
  const { data } = useQuery(
    TaskInstanceService.method.explainTaskInstance,
    { runId: live.run.runId, taskId },
    { enabled: taskId !== "", refetchInterval: 5_000 },
  );
  const reason = data?.reasons[0];
  if (reason === undefined) return null;
  return (
    <>
      {reason.message}
      {evidenceOf(reason).places.map(({ href, label }) => (
        <Fragment key={href}>
          {" "}
          <Link href={href} className="break-all underline hover:text-text">
            {label}
          </Link>
        </Fragment>
      ))}
    </>
  );
}
