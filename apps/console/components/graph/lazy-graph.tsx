"use client";
import dynamic from "next/dynamic";

/** The graph comes after the rest of its page: it is the largest part of the program, and the page says much without it. */
export const LazyGraph = dynamic(() => import("./dag-graph.tsx").then((part) => part.DagGraph), {
  ssr: false,
  loading: () => <div className="h-40" />,
});
