/**
 * Places the tasks and groups of a DAG. Each open group is laid out alone, bottom-up, and becomes a sized box in the
 * group around it; an edge that crosses groups is lifted to the innermost level that holds both of its ends.
 */
import { layoutLevel } from "./graph-level.ts";
import { ranksOf } from "./graph-linear.ts";
import type { Direction, LevelEdge, LevelItem, Point } from "./graph-geometry.ts";

export type GraphSource = {
  readonly tasks: readonly {
    readonly taskId: string;
    readonly groupId: string;
    /** Room for what stands beside the name, in px. Left out means none. */
    readonly beside?: number;
  }[];
  readonly edges: readonly {
    readonly fromTaskId: string;
    readonly toTaskId: string;
    readonly label?: string;
  }[];
  readonly groups: readonly { readonly groupId: string; readonly parentGroupId: string }[];
};

export type GraphItem = {
  readonly id: string;
  /** `folded` is a closed group, drawn like a task; `group` an open one, drawn around its items. */
  readonly kind: "task" | "group" | "folded";
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

export type GraphEdge = {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** The way around other items; null where the straight curve is as good. */
  readonly points: readonly Point[] | null;
  /** What stands on it. Empty means nothing. */
  readonly label: string;
  /** The arrows between tasks that it stands for. */
  readonly arrows: readonly Arrow[];
};

export type Arrow = { readonly fromTaskId: string; readonly toTaskId: string };

export type GraphLayout = {
  /** Open groups before what is in them. */
  readonly items: readonly GraphItem[];
  readonly edges: readonly GraphEdge[];
  readonly width: number;
  readonly height: number;
};

export const taskHeight = 44;
const taskWidthMin = 148;
const taskWidthMax = 276;
/** Glyph, gaps and borders beside the name, and about the width of a letter, in px. */
const taskWidthBeside = 54;
const letterWidth = 7.2;
const groupPadding = 16;
/** High enough to be hit in a picture that is shown at 60 %. */
const groupHeader = 44;

/** Above this many visible items, groups start folded. */
export const visibleItemsMax = 150;

export function layoutGraph(
  source: GraphSource,
  { folded, direction }: { readonly folded: ReadonlySet<string>; readonly direction: Direction },
): GraphLayout {
  const tree = treeOf(source, folded);
  const items: GraphItem[] = [];
  const ways = new Map<string, readonly Point[]>();

  const build = (groupId: string): Built => {
    const edges = tree.levelEdges.get(groupId) ?? [];
    const members = evened(
      (tree.children.get(groupId) ?? []).map((id) => {
        const built = openOf(id);
        return { id, built, ...(built ?? sizeFor(tree.labelOf(id), tree.besideOf(id))) };
      }),
      edges,
    );
    const level = layoutLevel(members, edges, direction);
    return {
      width: level.width,
      height: level.height,
      place(left, top) {
        for (const { id, built, width, height } of members) {
          const [x, y] = level.positions.get(id) ?? [0, 0];
          const at = { id, x: left + x, y: top + y, width, height };
          const kind = tree.isGroup(id) ? (built === null ? "folded" : "group") : "task";
          items.push({ ...at, kind, label: tree.labelOf(id) });
          built?.place(at.x, at.y);
        }
        for (const [key, points] of level.ways) {
          ways.set(
            key,
            points.map(([x, y]) => [left + x, top + y] as const),
          );
        }
      },
    };
  };
  const openOf = (id: string): Built | null => {
    if (!tree.isGroup(id) || folded.has(id)) return null;
    const inner = build(id);
    return {
      width: Math.max(inner.width, taskWidthMin) + 2 * groupPadding,
      height: inner.height + groupHeader + groupPadding,
      place: (left, top) => inner.place(left + groupPadding, top + groupHeader),
    };
  };

  const whole = build("");
  whole.place(0, 0);
  const edges = [...tree.visibleEdges.values()].map(({ from, to, arrows, labels }): GraphEdge => ({
    id: edgeKey(from, to),
    from,
    to,
    points: ways.get(edgeKey(from, to)) ?? null,
    label: wordsOf(labels),
    arrows,
  }));
  return { items, edges, width: whole.width, height: whole.height };
}

/** Folds the largest groups first, until few enough items are left to read. */
export function foldedAtFirst(source: GraphSource): ReadonlySet<string> {
  const folded = new Set<string>();
  const sizes = new Map<string, number>();
  for (const task of source.tasks) {
    sizes.set(task.groupId, (sizes.get(task.groupId) ?? 0) + 1);
  }
  let visible = source.tasks.length;
  const groups = source.groups
    .map((group) => ({ id: group.groupId, size: sizes.get(group.groupId) ?? 0 }))
    .sort((a, b) => b.size - a.size);
  for (const group of groups) {
    if (visible <= visibleItemsMax) break;
    folded.add(group.id);
    visible -= group.size - 1;
  }
  return folded;
}

type Member = LevelItem & { readonly built: Built | null };

/** Tasks of one layer get the width of the widest of them, so that they stand in a column. */
function evened(members: readonly Member[], edges: readonly LevelEdge[]): readonly Member[] {
  const widths = new Map<number, number>();
  const layers = ranksOf(members, edges).layers;
  layers.forEach((layer) => {
    const tasks = layer.filter((ix) => members[ix]?.built === null);
    const width = Math.max(...tasks.map((ix) => members[ix]?.width ?? 0));
    for (const ix of tasks) widths.set(ix, width);
  });
  return members.map((member, ix) => ({ ...member, width: widths.get(ix) ?? member.width }));
}

type Built = {
  readonly width: number;
  readonly height: number;
  readonly place: (left: number, top: number) => void;
};

/** The name within its group, whose own name is on the box around it. */
export function labelOf(id: string, groupId: string): string {
  return groupId !== "" && id.startsWith(`${groupId}.`) ? id.slice(groupId.length + 1) : id;
}

/** Above so many words, an arrow that stands for several is left without. */
const wordsMax = 2;

function wordsOf(labels: ReadonlySet<string>): string {
  return labels.size > wordsMax ? "" : [...labels].join(" · ");
}

function sizeFor(label: string, beside: number) {
  const width = Math.ceil(taskWidthBeside + beside + letterWidth * label.length);
  return {
    width: Math.max(taskWidthMin + beside, Math.min(taskWidthMax, width)),
    height: taskHeight,
  };
}

type VisibleEdge = {
  readonly from: string;
  readonly to: string;
  readonly arrows: Arrow[];
  readonly labels: Set<string>;
};

function treeOf(source: GraphSource, folded: ReadonlySet<string>) {
  const parentOf = new Map<string, string>();
  for (const group of source.groups) parentOf.set(group.groupId, group.parentGroupId);
  const groupIds = new Set(parentOf.keys());
  const beside = new Map<string, number>();
  for (const task of source.tasks) {
    beside.set(task.taskId, task.beside ?? 0);
    parentOf.set(task.taskId, groupIds.has(task.groupId) ? task.groupId : "");
  }
  /** From the outermost group down to the id itself, cut at the first folded group. */
  const pathOf = (id: string): readonly string[] => {
    const path: string[] = [];
    for (let at = id; at !== ""; at = parentOf.get(at) ?? "") path.unshift(at);
    const cut = path.findIndex((part) => folded.has(part));
    return cut === -1 ? path : path.slice(0, cut + 1);
  };

  const children = new Map<string, string[]>();
  const used = new Set<string>();
  for (const task of source.tasks) {
    let parent = "";
    for (const id of pathOf(task.taskId)) {
      if (!used.has(id)) {
        used.add(id);
        children.set(parent, [...(children.get(parent) ?? []), id]);
      }
      parent = id;
    }
  }

  const visibleEdges = new Map<string, VisibleEdge>();
  const levelEdges = new Map<string, LevelEdge[]>();
  const seen = new Set<string>();
  for (const edge of source.edges) {
    const from = pathOf(edge.fromTaskId);
    const to = pathOf(edge.toTaskId);
    const fork = from.findIndex((id, depth) => id !== to[depth]);
    const [a, b] = [from.at(-1), to.at(-1)];
    const [start, end] = [from[fork], to[fork]];
    if (!a || !b || !start || !end || a === b) continue;
    const visible = visibleEdges.get(edgeKey(a, b)) ?? {
      ...{ from: a, to: b, arrows: [], labels: new Set<string>() },
    };
    visibleEdges.set(edgeKey(a, b), visible);
    visible.arrows.push(edge);
    if (edge.label !== undefined && edge.label !== "") visible.labels.add(edge.label);
    const level = from[fork - 1] ?? "";
    const key = edgeKey(start, end);
    if (seen.has(key)) continue;
    seen.add(key);
    const between = { key, from: start, to: end, label: edge.label ?? "" };
    levelEdges.set(level, [...(levelEdges.get(level) ?? []), between]);
  }
  return {
    children,
    levelEdges,
    visibleEdges,
    isGroup: (id: string) => groupIds.has(id),
    labelOf: (id: string) => labelOf(id, parentOf.get(id) ?? ""),
    besideOf: (id: string) => beside.get(id) ?? 0,
  };
}

export function edgeKey(from: string, to: string): string {
  return `${from}→${to}`;
}
