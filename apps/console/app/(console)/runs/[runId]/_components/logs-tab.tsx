"use client";
import { Hourglass, ScrollText } from "lucide-react";
import { TaskState } from "@millrace/wire/v1";
import type { Attempt, TaskInstance } from "@millrace/wire/v1";
import { Button } from "../../../../../components/button.tsx";
import { Empty } from "../../../../../components/faces.tsx";
import { FailureBox } from "../../../../../components/failure-box.tsx";
import { LogViewer } from "../../../../../components/log/log-viewer.tsx";
import { isFinalTask } from "../../../../../lib/states.ts";
import { useLogTail } from "../../../../../lib/use-log-tail.ts";
import { useUrlState } from "../../../../../lib/use-url-state.ts";
import { isDeferred } from "../../../../../lib/waiting.ts";
import { AttemptChoice } from "./attempt-choice.tsx";
import { instanceName } from "./task-request.ts";
import type { TaskRequest } from "./task-request.ts";
import { WaitWords } from "./wait-words.tsx";

type Props = {
  readonly request: TaskRequest;
  /** Oldest first. */
  readonly attempts: readonly Attempt[];
  /** Null while it is read. */
  readonly task: TaskInstance | null;
  readonly state: TaskState;
  /** Of the newest attempt; 0 before the first. */
  readonly tryNumber: number;
};

/** The log of the newest attempt, or of the one the address names. */
export function LogsTab({ request, attempts, task, state, tryNumber }: Props) {
  const [params, setParams] = useUrlState();
  const newest = Math.max(tryNumber, attempts.at(-1)?.tryNumber ?? 0);
  const asked = Number(params.get("try"));
  const shown = asked >= 1 && asked <= newest ? asked : newest;
  if (newest === 0) {
    if (isFinalTask(state)) {
      return (
        <Empty title="No log" icon={<ScrollText size={18} aria-hidden />}>
          <p>It never ran.</p>
        </Empty>
      );
    }
    return (
      <Empty title="No log yet" icon={<Hourglass size={18} aria-hidden />}>
        <p>The log begins with the first attempt.</p>
        <Button onClick={() => setParams({ tab: "explain" })}>Why has it not begun?</Button>
      </Empty>
    );
  }
  const attempt = attempts.find((one) => one.tryNumber === shown);
  return (
    <>
      {newest > 1 && (
        <AttemptChoice
          attempts={attempts}
          newest={newest}
          shown={shown}
          onChoose={(number) => setParams({ try: number === newest ? null : String(number) })}
        />
      )}
      {attempt?.failure !== undefined && (
        <div className="max-h-[40%] shrink-0 overflow-y-auto px-3 pt-2">
          <FailureBox failure={attempt.failure} />
        </div>
      )}
      {attempt !== undefined && task !== null && isOver(attempt, task) && (
        <p className="px-3 pt-2 text-dense text-muted">
          <WaitWords request={request} attempt={attempt} attempts={attempts} task={task} />
        </p>
      )}
      <AttemptLog
        key={`${request.runId}/${instanceName(request)}/${shown}`}
        request={request}
        tryNumber={shown}
        isOpen={shown === newest && openStates.has(state)}
      />
    </>
  );
}

/** It gave its slot back, and goes on, or went, in another attempt; what is waited for now stands above the tabs. */
function isOver(attempt: Attempt, task: TaskInstance): boolean {
  return (
    isDeferred(attempt.state) &&
    !(
      attempt.state === task.state &&
      task.waiting !== undefined &&
      attempt.tryNumber === task.tryNumber
    )
  );
}

/** In these the newest attempt may still write. */
const openStates: ReadonlySet<TaskState> = new Set([
  TaskState.QUEUED,
  TaskState.RUNNING,
  TaskState.RESTARTING,
]);

type LogProps = {
  readonly request: TaskRequest;
  readonly tryNumber: number;
  readonly isOpen: boolean;
};

function AttemptLog({ request, tryNumber, isOpen }: LogProps) {
  const buffer = useLogTail({ ...request, tryNumber, isOpen });
  return <LogViewer buffer={buffer} isOpen={isOpen} fileName={fileNameOf(request, tryNumber)} />;
}

function fileNameOf({ runId, taskId, mapIndex }: TaskRequest, tryNumber: number): string {
  const index = mapIndex === undefined ? [] : [mapIndex];
  return `${[runId, taskId, ...index, tryNumber].join("-")}.log`;
}
