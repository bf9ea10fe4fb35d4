"use client";
import dynamic from "next/dynamic";

/** The dialog with its form is no part of the first load of a page. */
export const LazyTrigger = dynamic(
  () => import("./trigger-dialog.tsx").then((part) => part.TriggerDialog),
  { ssr: false },
);
