"use client";
import { useQuery } from "@connectrpc/connect-query";
import { CircleCheck, CircleDot, Clock } from "lucide-react";
import { TaskInstanceService } from "@millrace/wire/v1";
import type { Reason } from "@millrace/wire/v1";
import { EvidenceLinks } from "../../../../../components/evidence-links.tsx";
import { Unanswered } from "../../../../../components/faces.tsx";
import { Countdown, Time } from "../../../../../components/time.tsx";
import { evidenceOf } from "../../../../../lib/evidence.ts";
import { msOf } from "../../../../../lib/format.ts";
import { beforeSpan, reasonWords } from "../../../../../lib/reasons.ts";
import { useOnChange } from "../../../../../lib/use-on-change.ts";
import { TaskLinks } from "./task-links.tsx";
import type { TaskRequest } from "./task-request.ts";

/** Reasons change without the task changing, as when a slot frees. */
const refreshMs = 5_000;

type Props = {
  readonly request: TaskRequest;
  /** Changes whenever the task does; then the answer is asked for at once. */
  readonly change: string;
  readonly isFinal: boolean;
};

/** Why the task is not running, from the function that admits it. */
export function ExplainTab({ request, change, isFinal }: Props) {
  const query = useQuery(TaskInstanceService.method.explainTaskInstance, request, {
    refetchInterval: isFinal ? false : refreshMs,
    staleTime: 0,
  });
  const { refetch } = query;
  useOnChange(change, refetch);
  if (query.data === undefined) {
    return <Unanswered query={query} what="The reasons could not be read" rows={3} />;
  }
  return (
    <div className="space-y-3" data-testid="explain">
      <ol className="space-y-3">
        {query.data.reasons.map((reason, ix) => (
          <ReasonItem key={`${reason.kind}/${ix}`} reason={reason} />
        ))}
      </ol>
      <p className="text-label text-muted">
        The answer of the function that admits tasks, as of <Time at={query.dataUpdatedAt} />.
      </p>
    </div>
  );
}

function ReasonItem({ reason }: { readonly reason: Reason }) {
  const words = reasonWords(reason.kind);
  const until = msOf(reason.until);
  const Icon = words.isBlocking ? (until === null ? CircleDot : Clock) : CircleCheck;
  const before = beforeSpan(reason.message);
  const { places, facts } = evidenceOf(reason);
  return (
    <li
      data-reason={reason.kind}
      className="flex gap-3 rounded-panel border border-line bg-surface p-3"
    >
      <Icon
        size={18}
        aria-hidden
        className={`mt-px shrink-0 ${words.isBlocking ? "text-warn" : "text-(--state-success)"}`}
      />
      <div className="min-w-0 flex-1 space-y-2">
        <div>
          <p className="text-label text-muted">
            {words.isBlocking ? "Blocking" : "Not blocking"} · {words.gate}
          </p>
          <p className="font-medium break-words">
            {until === null || before === null ? (
              reason.message
            ) : (
              <>
                {before} <Countdown at={until} />.
              </>
            )}
          </p>
          {until !== null && (
            <p className="text-muted">
              Until <Time at={until} isAbsolute />
              {before === null && (
                <>
                  , <Countdown at={until} />
                </>
              )}
            </p>
          )}
        </div>
        {reason.taskIds.length > 0 && <TaskLinks taskIds={reason.taskIds} />}
        <EvidenceLinks places={places} />
        {facts.length > 0 && (
          <dl className="grid grid-cols-[auto_1fr] gap-x-3 text-dense">
            {facts.map(([name, value]) => (
              <div key={name} className="contents">
                <dt className="text-muted">{name}</dt>
                <dd className="font-mono break-words">{value}</dd>
              </div>
            ))}
          </dl>
        )}
        {words.remedy !== "" && <p className="text-muted">{words.remedy}</p>}
      </div>
    </li>
  );
}
