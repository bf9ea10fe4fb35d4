"use client";
import { mappedTasksOf } from "../../../../../lib/map-shape.ts";
import { useUrlState } from "../../../../../lib/use-url-state.ts";
import { InstancePanel } from "./instance-panel.tsx";
import { MappedPanel } from "./mapped-panel.tsx";
import type { PanelProps } from "./panel-props.ts";

/** All about one task of the run; of a mapped one first its instances, then the one that the address names. */
export function TaskPanel(props: PanelProps) {
  const { live, spec, taskId } = props;
  const [params] = useUrlState();
  const task = live.tasks.get(taskId) ?? null;
  const isMapped = task?.mapped !== undefined || (spec !== null && mappedTasksOf(spec).has(taskId));
  const asked = params.get("map");
  const mapIndex = isMapped && asked !== null && /^\d{1,9}$/.test(asked) ? Number(asked) : null;
  if (isMapped && mapIndex === null) return <MappedPanel {...props} task={task} />;
  return (
    <InstancePanel
      key={mapIndex}
      {...props}
      mapIndex={mapIndex}
      // Of a mapped task the run knows only numbers.
      task={isMapped ? null : task}
      mapped={task?.mapped ?? null}
    />
  );
}
