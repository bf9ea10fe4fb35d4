import { History, Play } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import type { Dag } from "@millrace/wire/v1";
import { Button } from "../../../../../components/button.tsx";
import { PauseSwitch } from "../../../../../components/pause-switch.tsx";
import { RunBars } from "../../../../../components/run-bars.tsx";
import { ScheduleWords } from "../../../../../components/schedule-words.tsx";
import { Time } from "../../../../../components/time.tsx";
import { formatCount, msOf, plural } from "../../../../../lib/format.ts";

const quietLink = "text-muted underline decoration-line-strong/50 hover:text-text";

type Props = {
  readonly dag: Dag;
  readonly onTrigger: () => void;
  readonly onBackfill: () => void;
};

/** What the DAG is, when it runs next, and how its last runs went. */
export function DagHeader({ dag, onTrigger, onBackfill }: Props) {
  return (
    <header className="space-y-3 px-4 py-4 md:px-6">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-72 space-y-1">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <h1 className="text-title font-semibold tracking-tight break-all">{dag.dagId}</h1>
            <span
              className="rounded-full border border-line px-2 text-dense text-muted"
              title="The newest version"
            >
              v{dag.version}
            </span>
            {dag.tags.map((tag) => (
              <span
                key={tag}
                className="rounded-full border border-line px-2 text-dense text-muted"
              >
                {tag}
              </span>
            ))}
          </div>
          {dag.description !== "" && <p className="text-muted">{dag.description}</p>}
          {!dag.isActive && (
            <p className="text-warn">
              Its file is gone: it makes no new runs, and its history stays.
            </p>
          )}
          {dag.scheduleProblem !== "" && (
            <p className="break-words text-danger">
              Schedule problem: {sentence(dag.scheduleProblem)} It is asked again.
            </p>
          )}
        </div>
        <div className="flex shrink-0 flex-wrap items-center justify-end gap-3">
          <PauseSwitch dagId={dag.dagId} isPaused={dag.isPaused} hasWord />
          {dag.schedule !== "" && dag.isActive && (
            <Button onClick={onBackfill}>
              <History size={13} aria-hidden /> Backfill
            </Button>
          )}
          <Button tone="primary" onClick={onTrigger}>
            <Play size={13} aria-hidden /> Trigger
          </Button>
        </div>
      </div>
      <div className="flex flex-wrap items-end justify-between gap-x-8 gap-y-3">
        <dl className="grid grid-cols-2 gap-x-8 gap-y-2 sm:flex sm:flex-wrap">
          <Fact name="Schedule">
            <ScheduleWords schedule={dag.schedule} timezone={dag.timezone} />
          </Fact>
          <Fact name="Next run">
            {dag.isPaused && dag.schedule !== "" ? (
              <span className="text-muted">Paused</span>
            ) : (
              <Time at={msOf(dag.nextRunAt)} />
            )}
          </Fact>
          <Fact name="Owner">{dag.owner === "" ? "–" : dag.owner}</Fact>
          <Fact name="Size">{plural(dag.taskCount, "task")}</Fact>
          <Fact name="Limits">
            {plural(dag.maxActiveRuns, "run")}, {formatCount(dag.maxActiveTasks)} tasks each
          </Fact>
          <Fact name="File">
            <span className="font-mono text-dense break-all">{dag.file || "–"}</span>
          </Fact>
          <Fact name="Related">
            <Link href={`/dependencies?dag=${encodeURIComponent(dag.dagId)}`} className={quietLink}>
              Other DAGs
            </Link>
            {", "}
            <Link href={`/backfills?dag=${encodeURIComponent(dag.dagId)}`} className={quietLink}>
              backfills
            </Link>
          </Fact>
          <Fact name="Registered">
            <Time at={msOf(dag.registeredAt)} />
          </Fact>
        </dl>
        <RunBars runs={dag.recentRuns} />
      </div>
    </header>
  );
}

type FactProps = { readonly name: string; readonly children: ReactNode };

function Fact({ name, children }: FactProps) {
  return (
    <div className="min-w-0">
      <dt className="text-label text-muted">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What a function threw ends as its author wrote it. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
