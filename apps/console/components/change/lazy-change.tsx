"use client";
import dynamic from "next/dynamic";

/** The dialogs that change runs are no part of the first load of a page. */
export const LazyChange = dynamic(
  () => import("./change-dialog.tsx").then((part) => part.ChangeDialog),
  { ssr: false },
);
