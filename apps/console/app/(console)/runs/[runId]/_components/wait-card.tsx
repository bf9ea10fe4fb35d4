"use client";
import { useQuery } from "@connectrpc/connect-query";
import { Hand, Moon, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { ReasonKind, TaskInstanceService } from "@millrace/wire/v1";
import type { Reason, TaskInstance, Waiting } from "@millrace/wire/v1";
import { Button } from "../../../../../components/button.tsx";
import { Countdown, Time } from "../../../../../components/time.tsx";
import { msOf } from "../../../../../lib/format.ts";
import { reasonWords } from "../../../../../lib/reasons.ts";
import { useOnChange } from "../../../../../lib/use-on-change.ts";
import { useUrlState } from "../../../../../lib/use-url-state.ts";
import { waitSentence } from "../../../../../lib/waiting.ts";
import type { TaskRequest } from "./task-request.ts";

/** Who watches changes without the task changing. */
const refreshMs = 5_000;

type Props = {
  readonly request: TaskRequest;
  readonly task: TaskInstance | null;
  readonly change: string;
  /** The form itself is in sight. */
  readonly isAsking: boolean;
};

/** What a task that gave its slot back waits for, since when, until when, and whether anybody watches. */
export function WaitCard({ request, task, change, isAsking }: Props) {
  const waiting = task?.waiting;
  if (waiting === undefined || (isAsking && waiting.for.case === "form")) return null;
  return <Card key={change} request={request} waiting={waiting} change={change} />;
}

type CardProps = Pick<Props, "request" | "change"> & { readonly waiting: Waiting };

function Card({ request, waiting, change }: CardProps) {
  const [, setParams] = useUrlState();
  const isForm = waiting.for.case === "form";
  const isWatch = waiting.for.case === "summary";
  const explain = useQuery(TaskInstanceService.method.explainTaskInstance, request, {
    enabled: !isForm,
    refetchInterval: refreshMs,
  });
  const { refetch } = explain;
  useOnChange(change, refetch);
  const reasons = explain.data?.reasons ?? [];
  const deferred = reasons.find(({ kind }) => kind === ReasonKind.DEFERRED);
  const until = waiting.for.case === "until" ? msOf(waiting.for.value) : null;
  const timeoutAt = msOf(waiting.timeoutAt);
  const beatBy = waiting.for.case === "token" ? heartbeatDue(deferred, timeoutAt) : null;
  const Icon = isForm ? Hand : Moon;
  return (
    <section
      aria-label="What it waits for"
      data-testid="waiting"
      className="mx-4 mt-1 mb-2 space-y-2 rounded-control border border-line bg-surface px-2.5 py-2"
    >
      <div className="flex gap-2">
        <Icon size={15} aria-hidden className="mt-0.5 shrink-0 text-muted" />
        <p className="min-w-0 flex-1 break-words">
          {isForm && waiting.for.case === "form"
            ? waiting.for.value.subject
            : waitSentence(waiting)}
        </p>
        {isForm && <Button onClick={() => setParams({ tab: "input" })}>Answer…</Button>}
      </div>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-0.5 pl-[23px] text-dense">
        <Fact name="Since">
          <Time at={msOf(waiting.since)} />
        </Fact>
        {until !== null && (
          <Fact name="Until">
            <Time at={until} isAbsolute />, <Countdown at={until} />
          </Fact>
        )}
        {beatBy !== null && (
          <Fact name="Heartbeat due">
            <Countdown at={beatBy} />
          </Fact>
        )}
        {isWatch && (
          <Fact name="Watched by">
            <Watcher deferred={deferred} isKnown={explain.data !== undefined} />
            <span className="text-muted">
              , handler <span className="font-mono">{waiting.handler}</span>
            </span>
          </Fact>
        )}
        <Fact name="Given up">
          {timeoutAt === null ? (
            <span className="text-muted">never</span>
          ) : (
            <>
              <Time at={timeoutAt} isAbsolute />, <Countdown at={timeoutAt} />
            </>
          )}
        </Fact>
      </dl>
      {reasons
        .filter(({ kind }) => kind !== ReasonKind.DEFERRED && reasonWords(kind).isBlocking)
        .map((reason) => (
          <Unwatched key={reason.kind} reason={reason} />
        ))}
    </section>
  );
}

/** Of a token, what ends earliest is the heartbeat, unless it is the wait itself. */
function heartbeatDue(reason: Reason | undefined, timeoutAt: number | null): number | null {
  const until = msOf(reason?.until);
  return until === timeoutAt ? null : until;
}

type WatcherProps = { readonly deferred: Reason | undefined; readonly isKnown: boolean };

function Watcher({ deferred, isKnown }: WatcherProps) {
  if (!isKnown) return "…";
  const name = deferred?.evidence["triggerer"];
  return name === undefined ? <span className="text-warn">nobody yet</span> : name;
}

function Unwatched({ reason }: { readonly reason: Reason }) {
  return (
    <p className="flex gap-2 text-warn">
      <TriangleAlert size={15} aria-hidden className="mt-0.5 shrink-0" />
      <span className="min-w-0 break-words">
        {reason.message} {reasonWords(reason.kind).remedy}
      </span>
    </p>
  );
}

type FactProps = { readonly name: string; readonly children: ReactNode };

function Fact({ name, children }: FactProps) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}
