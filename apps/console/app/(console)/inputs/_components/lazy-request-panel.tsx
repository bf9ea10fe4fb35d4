"use client";
import dynamic from "next/dynamic";
import { SkeletonRows } from "../../../../components/faces.tsx";

/** The form comes once a question is looked at. */
export const LazyRequestPanel = dynamic(
  () => import("./request-panel.tsx").then((part) => part.RequestPanel),
  { ssr: false, loading: () => <SkeletonRows rows={4} /> },
);
