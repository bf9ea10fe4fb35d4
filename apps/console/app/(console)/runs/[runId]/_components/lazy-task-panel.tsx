"use client";
import dynamic from "next/dynamic";
import { SkeletonRows } from "../../../../../components/faces.tsx";

/** Logs, values and the rest of a task come once one is looked at. */
export const LazyTaskPanel = dynamic(
  () => import("./task-panel.tsx").then((part) => part.TaskPanel),
  { ssr: false, loading: () => <SkeletonRows rows={4} /> },
);
