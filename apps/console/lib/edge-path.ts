import type { Direction, Point } from "./graph-geometry.ts";

type Box = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

/** From the middle of one box's border to the middle of the other's, through the points that the layout found between. */
export function wayBetween(
  from: Box,
  to: Box,
  { between, direction }: { readonly between: readonly Point[]; readonly direction: Direction },
): readonly Point[] {
  const isDown = direction === "down";
  const begin: Point = isDown
    ? [from.x + from.width / 2, from.y + from.height]
    : [from.x + from.width, from.y + from.height / 2];
  const end: Point = isDown ? [to.x + to.width / 2, to.y] : [to.x, to.y + to.height / 2];
  return [begin, ...between, end];
}

/** An SVG path through points, smooth, leaving and entering along the graph's direction. */
export function edgePath(points: readonly Point[], direction: Direction): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let path = `M${text(first)}`;
  let from = first;
  for (const to of rest) {
    const half =
      direction === "right"
        ? Math.max(12, (to[0] - from[0]) / 2)
        : Math.max(12, (to[1] - from[1]) / 2);
    const [a, b]: readonly [Point, Point] =
      direction === "right"
        ? [
            [from[0] + half, from[1]],
            [to[0] - half, to[1]],
          ]
        : [
            [from[0], from[1] + half],
            [to[0], to[1] - half],
          ];
    path += `C${text(a)} ${text(b)} ${text(to)}`;
    from = to;
  }
  return path;
}

function text([x, y]: Point): string {
  return `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;
}
