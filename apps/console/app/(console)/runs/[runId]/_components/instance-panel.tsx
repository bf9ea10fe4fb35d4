"use client";
import { Tabs } from "@base-ui/react/tabs";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { TaskInstanceService, TaskState } from "@millrace/wire/v1";
import type { MappedSummary, TaskInstance } from "@millrace/wire/v1";
import { Empty } from "../../../../../components/faces.tsx";
import { StateGlyph } from "../../../../../components/state-glyph.tsx";
import { StateWord } from "../../../../../components/state-word.tsx";
import { TaskMarks } from "../../../../../components/task-marks.tsx";
import { callFailure } from "../../../../../lib/failures.ts";
import { marksOf, unusualRule } from "../../../../../lib/map-shape.ts";
import { isAsking, isFinalTask, isWaitingTask, taskFace } from "../../../../../lib/states.ts";
import { useOnChange } from "../../../../../lib/use-on-change.ts";
import { useUrlState } from "../../../../../lib/use-url-state.ts";
import { changeOf } from "./change-target.ts";
import { CallbacksTab } from "./callbacks-tab.tsx";
import { DetailsTab } from "./details-tab.tsx";
import { ExplainTab } from "./explain-tab.tsx";
import { InputTab } from "./input-tab.tsx";
import { InstanceSteps } from "./instance-steps.tsx";
import { LogsTab } from "./logs-tab.tsx";
import { OutcomeNote } from "./outcome-note.tsx";
import { PanelHeader } from "./panel-header.tsx";
import type { PanelProps } from "./panel-props.ts";
import { PanelTabs } from "./panel-tabs.tsx";
import { instanceName } from "./task-request.ts";
import { tabsOf } from "./tabs-of.ts";
import { ValuesTab } from "./values-tab.tsx";
import { WaitCard } from "./wait-card.tsx";

type Props = PanelProps & {
  /** Null for a task that is not mapped. */
  readonly mapIndex: number | null;
  /** As the live run has it; null while it is not reached, and for instances, which are asked for. */
  readonly task: TaskInstance | null;
  /** How many instances the task has. */
  readonly mapped: MappedSummary | null;
};

/** An instance of a mapped task has no stream of its own. */
const instancePollMs = 2_000;
const taskPollMs = 10_000;

/** All about one task instance. What is open is in the address. */
export function InstancePanel(props: Props) {
  const { live, spec, taskId, mapIndex, task, mapped, onChange, onClose } = props;
  const { run, tasks } = live;
  const [params, setParams] = useUrlState();
  const request = { runId: run.runId, taskId, ...(mapIndex === null ? {} : { mapIndex }) };
  const query = useQuery(TaskInstanceService.method.getTaskInstance, request, {
    refetchInterval: ({ state: { data } }) => {
      const state = task?.state ?? data?.taskInstance?.state ?? TaskState.NONE;
      if (isFinalTask(state)) return false;
      return mapIndex === null ? taskPollMs : instancePollMs;
    },
  });
  const shown = task ?? (mapIndex === null ? null : (query.data?.taskInstance ?? null));
  const state = shown?.state ?? TaskState.NONE;
  const { refetch } = query;
  const change = `${run.state}/${state}/${shown?.tryNumber ?? 0}`;
  useOnChange(change, refetch);
  const attempts = query.data?.attempts ?? [];
  const hasBegun = attempts.length > 0 || (shown?.tryNumber ?? 0) > 0;
  const taskSpec = spec?.tasks.find((one) => one.taskId === taskId);
  // Whoever answers sees that it was taken, though the task goes on at once.
  const [hasAsked, setHasAsked] = useState(false);
  if (isAsking(state) && !hasAsked) setHasAsked(true);
  const tabs = tabsOf({ attempts, spec: taskSpec, hasAsked });
  const usual = hasAsked ? "input" : isWaitingTask(state) && !hasBegun ? "explain" : "logs";
  const asked = params.get("tab") ?? usual;
  const tab = tabs.some(({ value }) => value === asked) ? asked : usual;
  const rule = taskSpec === undefined ? null : unusualRule(taskSpec);
  const face = taskFace(state, shown?.failure);
  const keys = [{ taskId, mapIndex }];
  const name = instanceName(request);
  const ask = (kind: "clear" | "mark") => onChange(changeOf(kind, { run, keys, subject: name }));
  const isGone = query.isError && callFailure(query.error).isNotFound && shown === null;
  return (
    <>
      <PanelHeader
        title={shown?.mapIndexLabel || name}
        taskId={taskId}
        above={
          mapIndex !== null && (
            <InstanceSteps
              taskId={taskId}
              mapIndex={mapIndex}
              length={mapped?.length ?? null}
              onStep={(map) => setParams({ map, try: null }, { isStep: true })}
            />
          )
        }
        onClear={() => ask("clear")}
        onMark={() => ask("mark")}
        onClose={onClose}
      >
        <span data-state={face.look} className="inline-flex items-center gap-1.5 font-medium">
          <StateGlyph look={face.look} />
          <StateWord face={face} task={shown} isLarge />
        </span>
        {taskSpec !== undefined && <TaskMarks marks={marksOf(taskSpec)} />}
        {rule !== null && <span className="font-mono text-label text-muted">{rule}</span>}
        {shown !== null && shown.chosenCases.length > 0 && (
          <span className="text-muted">
            went on with <span className="text-text">{shown.chosenCases.join(", ")}</span>
          </span>
        )}
      </PanelHeader>
      <OutcomeNote spec={spec} tasks={tasks} task={shown} />
      <WaitCard request={request} task={shown} change={change} isAsking={tab === "input"} />
      {isGone ? (
        <Empty title="There is no such instance">
          <p>{callFailure(query.error).message}</p>
        </Empty>
      ) : (
        <Tabs.Root
          value={tab}
          onValueChange={(value) => setParams({ tab: String(value) })}
          className="flex min-h-0 flex-1 flex-col"
        >
          <PanelTabs tabs={tabs} />
          <Tabs.Panel value="logs" className="flex min-h-0 flex-1 flex-col outline-none">
            <LogsTab
              request={request}
              attempts={attempts}
              task={shown}
              state={state}
              tryNumber={shown?.tryNumber ?? 0}
            />
          </Tabs.Panel>
          <Tabs.Panel value="explain" className="min-h-0 flex-1 overflow-y-auto p-4 outline-none">
            <ExplainTab request={request} change={change} isFinal={isFinalTask(state)} />
          </Tabs.Panel>
          <Tabs.Panel value="details" className="min-h-0 flex-1 overflow-y-auto p-4 outline-none">
            <DetailsTab
              request={request}
              live={shown}
              query={query}
              retries={taskSpec?.retries ?? null}
            />
          </Tabs.Panel>
          <Tabs.Panel value="values" className="min-h-0 flex-1 overflow-y-auto p-4 outline-none">
            <ValuesTab request={request} change={change} isFinal={isFinalTask(state)} />
          </Tabs.Panel>
          <Tabs.Panel value="input" className="min-h-0 flex-1 overflow-y-auto p-4 outline-none">
            <InputTab request={request} change={change} />
          </Tabs.Panel>
          <Tabs.Panel value="callbacks" className="min-h-0 flex-1 overflow-y-auto p-4 outline-none">
            <CallbacksTab request={request} change={change} />
          </Tabs.Panel>
        </Tabs.Root>
      )}
    </>
  );
}
