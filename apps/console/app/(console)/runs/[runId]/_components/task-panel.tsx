"use client";
import { Tabs } from "@base-ui/react/tabs";
import { useQuery } from "@connectrpc/connect-query";
import { X } from "lucide-react";
import { TaskInstanceService, TaskState } from "@millrace/wire/v1";
import type { DagRun, TaskInstance } from "@millrace/wire/v1";
import { CopyButton } from "../../../../../components/copy-command.tsx";
import { StateBadge } from "../../../../../components/state-glyph.tsx";
import { isFinalTask, isWaitingTask, taskFace } from "../../../../../lib/states.ts";
import { useOnChange } from "../../../../../lib/use-on-change.ts";
import { useUrlState } from "../../../../../lib/use-url-state.ts";
import { DetailsTab } from "./details-tab.tsx";
import { ExplainTab } from "./explain-tab.tsx";
import { LogsTab } from "./logs-tab.tsx";
import { ValuesTab } from "./values-tab.tsx";

type Props = {
  readonly run: DagRun;
  readonly taskId: string;
  /** As the live run has it; null while it is not reached. */
  readonly live: TaskInstance | null;
  readonly onClose: () => void;
};

const tabs = [
  { value: "logs", label: "Logs" },
  { value: "explain", label: "Explain" },
  { value: "details", label: "Details" },
  { value: "values", label: "Values" },
] as const;

/** All about one task of the run. What is open is in the address. */
export function TaskPanel({ run, taskId, live, onClose }: Props) {
  const [params, setParams] = useUrlState();
  const state = live?.state ?? TaskState.NONE;
  const request = { runId: run.runId, taskId };
  const query = useQuery(TaskInstanceService.method.getTaskInstance, request, {
    refetchInterval: isFinalTask(state) ? false : 10_000,
  });
  const { refetch } = query;
  const change = `${state}/${live?.tryNumber ?? 0}`;
  useOnChange(change, refetch);
  const attempts = query.data?.attempts ?? [];
  const hasBegun = attempts.length > 0 || (live?.tryNumber ?? 0) > 0;
  const tab = params.get("tab") ?? (isWaitingTask(state) && !hasBegun ? "explain" : "logs");
  const face = taskFace(state, live?.failure);
  return (
    <>
      <header className="flex items-start gap-2 px-4 pt-3">
        <div className="min-w-0 flex-1">
          <h2 className="flex items-center gap-1 text-section font-semibold">
            <span className="truncate" title={taskId}>
              {taskId}
            </span>
            <CopyButton text={taskId} label="Copy the task id" />
          </h2>
          <StateBadge face={face} />
        </div>
        <button
          type="button"
          aria-label="Close the details (Esc)"
          title="Close (Esc)"
          onClick={onClose}
          className="ghost-transition grid size-8 place-items-center rounded-control text-muted hover:bg-hover hover:text-text"
        >
          <X size={17} aria-hidden />
        </button>
      </header>
      <Tabs.Root
        value={tab}
        onValueChange={(value) => setParams({ tab: String(value) })}
        className="flex min-h-0 flex-1 flex-col"
      >
        <Tabs.List className="flex gap-4 border-b border-line px-4">
          {tabs.map(({ value, label }) => (
            <Tabs.Tab
              key={value}
              value={value}
              className="-mb-px h-9 border-b-2 border-transparent text-muted hover:text-text data-[active]:border-accent data-[active]:font-medium data-[active]:text-text"
            >
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="logs" className="flex min-h-0 flex-1 flex-col outline-none">
          <LogsTab
            request={request}
            attempts={attempts}
            state={state}
            tryNumber={live?.tryNumber ?? 0}
          />
        </Tabs.Panel>
        <Tabs.Panel value="explain" className="min-h-0 flex-1 overflow-y-auto p-4 outline-none">
          <ExplainTab request={request} change={change} isFinal={isFinalTask(state)} />
        </Tabs.Panel>
        <Tabs.Panel value="details" className="min-h-0 flex-1 overflow-y-auto p-4 outline-none">
          <DetailsTab live={live} query={query} />
        </Tabs.Panel>
        <Tabs.Panel value="values" className="min-h-0 flex-1 overflow-y-auto p-4 outline-none">
          <ValuesTab request={request} change={change} isFinal={isFinalTask(state)} />
        </Tabs.Panel>
      </Tabs.Root>
    </>
  );
}
