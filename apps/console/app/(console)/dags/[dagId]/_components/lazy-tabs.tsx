"use client";
import dynamic from "next/dynamic";
import { SkeletonRows } from "../../../../../components/faces.tsx";

const loading = () => <SkeletonRows rows={8} />;

/** Tabs beside the first come once one is chosen. */
export const LazyDefinition = dynamic(
  () => import("./definition-tab.tsx").then((part) => part.DefinitionTab),
  { ssr: false, loading },
);
export const LazySchedule = dynamic(
  () => import("./schedule-tab.tsx").then((part) => part.ScheduleTab),
  { ssr: false, loading },
);
export const LazyCode = dynamic(() => import("./code-tab.tsx").then((part) => part.CodeTab), {
  ssr: false,
  loading,
});
