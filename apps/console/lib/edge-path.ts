import type { Direction, Point } from "./graph-geometry.ts";

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
