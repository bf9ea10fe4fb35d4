"use client";
import dynamic from "next/dynamic";
import { SkeletonRows } from "../../../../../components/faces.tsx";

/** The layout is the largest part of the page, and what it draws has to be asked for first. */
export const LazyAssetGraph = dynamic(
  () => import("./asset-graph.tsx").then((part) => part.AssetGraph),
  { ssr: false, loading: () => <SkeletonRows rows={6} /> },
);
