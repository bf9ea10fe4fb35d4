"use client";
import { useReactFlow } from "@xyflow/react";
import { useEffect, useMemo, useRef, useState } from "react";
import type { RefObject } from "react";
import type { DagSpec, TaskInstance } from "@millrace/wire/v1";
import type { Direction } from "../../lib/graph-geometry.ts";
import { layoutGraph } from "../../lib/graph-layout.ts";
import type { GraphLayout } from "../../lib/graph-layout.ts";
import { fittingView, focusOf, heightIn } from "../../lib/graph-view.ts";
import { edgesOf } from "./flow-edges.ts";
import { nodesOf } from "./flow-nodes.ts";
import type { FlowNode } from "./flow-nodes.ts";
import { shapeOf, sourceOf } from "./flow-shape.ts";

export type { FlowEdge } from "./flow-edges.ts";
export type { FlowNode } from "./flow-nodes.ts";

/** Narrower than this, the graph goes down instead of to the right. */
const downBelowPx = 640;

type Options = {
  readonly tasks: ReadonlyMap<string, TaskInstance> | null;
  readonly folded: ReadonlySet<string>;
  readonly selected: string | null;
  readonly chosen: ReadonlySet<string>;
};

/** Layout once for a shape; nodes anew only where something about them changed. */
export function useFlow(spec: DagSpec, { tasks, folded, selected, chosen }: Options) {
  const wrapper = useRef<HTMLDivElement>(null);
  const width = useWidth(wrapper);
  const direction: Direction = width > 0 && width < downBelowPx ? "down" : "right";
  const source = useMemo(() => sourceOf(spec), [spec]);
  const layout = useMemo(
    () => layoutGraph(source, { folded, direction }),
    [source, folded, direction],
  );
  const shape = useMemo(() => shapeOf(spec), [spec]);
  const kept = useRef(new Map<string, FlowNode>());
  const nodes = useMemo(() => {
    const next = nodesOf(layout, { direction, tasks, selected, chosen, shape }, kept.current);
    kept.current = new Map(next.map((node) => [node.id, node]));
    return next;
  }, [layout, direction, tasks, selected, chosen, shape]);
  const edges = useMemo(
    () => edgesOf(layout, { direction, tasks, shape }),
    [layout, direction, tasks, shape],
  );
  const focus = useRef<string | null>(null);
  useEffect(() => {
    focus.current = selected ?? focusOf(layout, tasks);
  }, [layout, selected, tasks]);
  const view = useView(wrapper, layout, focus);
  return { nodes, edges, wrapper, view, height: heightIn(layout, width) };
}

/** 0 before it is known. */
function useWidth(wrapper: RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = wrapper.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [wrapper]);
  return width;
}

/** What the pointer rests on while the picture changes under it, in px of the graph. */
type Anchor = { readonly id: string; readonly x: number; readonly y: number };

/**
 * Fits the picture to its frame when either changes, until the person moves it: then it is theirs, and a group that is
 * folded or opened stays where it was on the screen.
 */
function useView(
  wrapper: RefObject<HTMLDivElement | null>,
  layout: GraphLayout,
  focus: RefObject<string | null>,
) {
  const { getViewport, setViewport } = useReactFlow();
  const isMoved = useRef(false);
  const anchor = useRef<Anchor | null>(null);
  useEffect(() => {
    const element = wrapper.current;
    if (element === null) return undefined;
    const before = anchor.current;
    const after = layout.items.find((item) => item.id === before?.id);
    anchor.current = null;
    if (isMoved.current && before !== null && after !== undefined) {
      const { x, y, zoom } = getViewport();
      const to = { x: x + (before.x - after.x) * zoom, y: y + (before.y - after.y) * zoom, zoom };
      void setViewport(to);
    }
    const observer = new ResizeObserver(() => {
      if (isMoved.current) return;
      const frame = { width: element.clientWidth, height: element.clientHeight };
      void setViewport(fittingView(layout, frame, focus.current));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [wrapper, layout, focus, getViewport, setViewport]);
  return useMemo(
    () => ({
      moved(event: unknown): void {
        if (event !== null) isMoved.current = true;
      },
      fitted(): void {
        isMoved.current = false;
      },
      /** Before a group is folded or opened. */
      hold(id: string, at: { readonly x: number; readonly y: number }): void {
        anchor.current = { id, ...at };
      },
    }),
    [],
  );
}
