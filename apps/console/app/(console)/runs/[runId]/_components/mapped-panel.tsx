"use client";
import { Tabs } from "@base-ui/react/tabs";
import { TaskState } from "@millrace/wire/v1";
import type { TaskInstance } from "@millrace/wire/v1";
import { StateBar } from "../../../../../components/state-bar.tsx";
import { StateBadge } from "../../../../../components/state-glyph.tsx";
import { TimesBadge } from "../../../../../components/task-marks.tsx";
import { looksOfCounts, progressOf } from "../../../../../lib/counts.ts";
import { formatCount, plural } from "../../../../../lib/format.ts";
import { isFinalTask, taskFace } from "../../../../../lib/states.ts";
import { useUrlState } from "../../../../../lib/use-url-state.ts";
import { changeOf } from "./change-target.ts";
import { ExplainTab } from "./explain-tab.tsx";
import { InstancesTab } from "./instances-tab.tsx";
import { OutcomeNote } from "./outcome-note.tsx";
import { PanelHeader } from "./panel-header.tsx";
import type { PanelProps } from "./panel-props.ts";
import { PanelTabs } from "./panel-tabs.tsx";

type Props = PanelProps & { readonly task: TaskInstance | null };

/** A mapped task as a whole: how its instances stand, and a list of them; before it has any, why. */
export function MappedPanel({ live, spec, taskId, task, choosing, onChange, onClose }: Props) {
  const { run, tasks } = live;
  const [params, setParams] = useUrlState();
  const counts = task?.mapped?.counts ?? [];
  const length = task?.mapped?.length ?? null;
  const state = task?.state ?? TaskState.NONE;
  const isExpanded = counts.length > 0;
  const tabs = isExpanded
    ? [{ value: "instances", label: "Instances" }]
    : [{ value: "explain", label: "Explain" }];
  const asked = params.get("tab");
  const tab = tabs.find(({ value }) => value === asked)?.value ?? tabs[0]?.value ?? "";
  const keys = [{ taskId, mapIndex: null }];
  const subject = length === null ? taskId : `${taskId} (${plural(length, "instance")})`;
  const ask = (kind: "clear" | "mark") => onChange(changeOf(kind, { run, keys, subject }));
  const { done, all } = progressOf(counts);
  return (
    <>
      <PanelHeader
        title={taskId}
        taskId={taskId}
        onClear={() => ask("clear")}
        onMark={() => ask("mark")}
        onClose={onClose}
      >
        <StateBadge face={taskFace(state, task?.failure)} />
        <TimesBadge mapped={{ length }} />
        {isExpanded && (
          <span className="text-muted">
            {formatCount(done)} of {formatCount(all)} final
          </span>
        )}
      </PanelHeader>
      {isExpanded && (
        <div className="px-4 pt-1.5 pb-2">
          <StateBar counts={looksOfCounts(counts)} className="h-2" />
        </div>
      )}
      <OutcomeNote spec={spec} tasks={tasks} task={isExpanded ? null : task} />
      <Tabs.Root
        value={tab}
        onValueChange={(value) => setParams({ tab: String(value) })}
        className="flex min-h-0 flex-1 flex-col"
      >
        <PanelTabs tabs={tabs} />
        {isExpanded ? (
          <Tabs.Panel value="instances" className="flex min-h-0 flex-1 flex-col outline-none">
            <InstancesTab run={run} taskId={taskId} counts={counts} choosing={choosing} />
          </Tabs.Panel>
        ) : (
          <Tabs.Panel value="explain" className="min-h-0 flex-1 overflow-y-auto p-4 outline-none">
            <ExplainTab
              request={{ runId: run.runId, taskId }}
              change={String(state)}
              isFinal={isFinalTask(state)}
            />
          </Tabs.Panel>
        )}
      </Tabs.Root>
    </>
  );
}
