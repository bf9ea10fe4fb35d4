"use client";
import { Deliveries } from "../../../../../components/callbacks/deliveries.tsx";
import type { TaskRequest } from "./task-request.ts";

type Props = { readonly request: TaskRequest; readonly change: string };

/** Who was told about the task, and how far that is. */
export function CallbacksTab({ request, change }: Props) {
  return <Deliveries {...request} change={change} />;
}
