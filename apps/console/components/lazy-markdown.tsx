"use client";
import dynamic from "next/dynamic";

/** The parser is no part of the first load of a page. */
export const LazyMarkdown = dynamic(() => import("./markdown.tsx").then((part) => part.Markdown), {
  ssr: false,
  loading: () => <div className="skeleton h-16" />,
});
