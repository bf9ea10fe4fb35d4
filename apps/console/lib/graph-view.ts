/** Which part of a graph a frame shows, and how large: pure, in px. */
import type { TaskInstance } from "@millrace/wire/v1";
import { TaskState } from "@millrace/wire/v1";
import type { GraphItem, GraphLayout } from "./graph-layout.ts";

export type Frame = { readonly width: number; readonly height: number };
export type View = { readonly x: number; readonly y: number; readonly zoom: number };

/** The share of a frame that the picture takes. */
const fill = 0.88;

/** Below this, names cannot be read any more; then a part is shown larger, where the height allows. */
const readableMin = 0.6;
const partZoom = 0.75;

/** Where what is looked for stands in the frame. */
const focusShare = 0.4;

/** The whole picture where it can be read; of one that is only too long, a readable part. */
export function fittingView(layout: GraphLayout, frame: Frame, focus: string | null): View {
  const whole = wholeZoom(layout, frame);
  const isTooLong = whole < readableMin && layout.height * partZoom <= frame.height;
  const zoom = isTooLong ? partZoom : whole;
  const y = (frame.height - layout.height * zoom) / 2;
  if (!isTooLong) return { x: (frame.width - layout.width * zoom) / 2, y, zoom };
  const margin = (frame.width * (1 - fill)) / 4;
  const item = layout.items.find(({ id }) => id === focus);
  const wanted = item === undefined ? margin : frame.width * focusShare - centre(item) * zoom;
  const least = frame.width - margin - layout.width * zoom;
  return { x: Math.min(margin, Math.max(least, wanted)), y, zoom };
}

/** How high a frame of this width should be to show all of the picture that it can. */
export function heightIn(layout: GraphLayout, width: number): number {
  if (width === 0) return layout.height;
  const whole = Math.min(1, (width * fill) / layout.width);
  return layout.height * (whole < readableMin ? partZoom : whole);
}

/** What one looks for first: what failed, else what a person must do, else what runs. Null shows the beginning. */
export function focusOf(
  layout: GraphLayout,
  tasks: ReadonlyMap<string, TaskInstance> | null,
): string | null {
  const isIn = (state: TaskState) => (item: GraphItem) => tasks?.get(item.id)?.state === state;
  const order = [TaskState.FAILED, TaskState.AWAITING_INPUT, TaskState.RUNNING, TaskState.DEFERRED];
  const found = order.flatMap((state) => layout.items.find(isIn(state)) ?? [])[0];
  return found?.id ?? null;
}

function wholeZoom(layout: GraphLayout, frame: Frame): number {
  return Math.min(
    1,
    (frame.width * fill) / Math.max(1, layout.width),
    (frame.height * fill) / Math.max(1, layout.height),
  );
}

function centre(item: GraphItem): number {
  return item.x + item.width / 2;
}
