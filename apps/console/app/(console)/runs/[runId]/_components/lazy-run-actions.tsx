"use client";
import dynamic from "next/dynamic";

/** Buttons and their dialogs come after the page: what it says goes before what can be done. */
export const LazyRunActions = dynamic(
  () => import("./run-actions.tsx").then((part) => part.RunActions),
  { ssr: false, loading: () => <div className="h-7" /> },
);
