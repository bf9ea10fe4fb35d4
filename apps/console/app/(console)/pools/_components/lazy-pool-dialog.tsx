"use client";
import dynamic from "next/dynamic";

/** The dialog with its form is no part of the first load of the page. */
export const LazyPoolDialog = dynamic(
  () => import("./pool-dialog.tsx").then((part) => part.PoolDialog),
  { ssr: false },
);
