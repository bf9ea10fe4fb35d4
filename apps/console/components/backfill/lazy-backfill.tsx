"use client";
import dynamic from "next/dynamic";

/** The dialog with its form is no part of the first load of a page. */
export const LazyBackfill = dynamic(
  () => import("./backfill-dialog.tsx").then((part) => part.BackfillDialog),
  { ssr: false },
);
