"use client";
import { Hand } from "lucide-react";
import { InputPanel } from "../../../../../components/input/input-panel.tsx";
import { useInputRequests } from "../../../../../components/input/use-input-requests.ts";
import { Empty, Unanswered } from "../../../../../components/faces.tsx";
import { inputKeyText, requestsOf } from "../../../../../lib/input-requests.ts";
import { useOnChange } from "../../../../../lib/use-on-change.ts";
import type { TaskRequest } from "./task-request.ts";

type Props = { readonly request: TaskRequest; readonly change: string };

/** What the task asks a person, and what it asked before. */
export function InputTab({ request, change }: Props) {
  const query = useInputRequests(request.runId);
  const { refetch } = query;
  useOnChange(change, refetch);
  if (query.data === undefined) {
    return <Unanswered query={query} what="The question could not be read" rows={4} />;
  }
  const { taskId, mapIndex = -1 } = request;
  const [newest, ...earlier] = requestsOf(query.data.inputRequests, { taskId, mapIndex });
  if (newest === undefined) {
    return (
      <Empty title="Nothing was asked" icon={<Hand size={18} aria-hidden />}>
        <p>When the task asks a person, the form appears here.</p>
      </Empty>
    );
  }
  return <InputPanel key={inputKeyText(newest)} request={newest} earlier={earlier} />;
}
