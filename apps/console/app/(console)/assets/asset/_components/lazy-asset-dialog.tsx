"use client";
import dynamic from "next/dynamic";

/** The dialog with its forms is no part of the first load of the page. */
export const LazyAssetDialog = dynamic(
  () => import("./asset-dialog.tsx").then((part) => part.AssetDialog),
  { ssr: false },
);
