"use client";
import dynamic from "next/dynamic";

/** The question is no part of the first load of the page. */
export const LazyCancelBackfill = dynamic(
  () => import("./cancel-backfill.tsx").then((part) => part.CancelBackfill),
  { ssr: false },
);
