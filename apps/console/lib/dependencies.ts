/** DAGs that depend on each other, as a picture and in words. */
import { create } from "@bufbuild/protobuf";
import { DagSpecSchema, DependencyKind, type DagDependency, type DagSpec } from "@millrace/wire/v1";

/** What stands on an arrow. */
export const dependencyWords: Readonly<Record<DependencyKind, string>> = {
  [DependencyKind.UNSPECIFIED]: "",
  [DependencyKind.TRIGGERS]: "triggers",
  [DependencyKind.WAITS_FOR]: "is waited for",
  [DependencyKind.CLEARS]: "clears",
};

type Arrow = { readonly from: string; readonly to: string; readonly words: Set<string> };

/**
 * The DAGs as tasks of a DAG, for the same drawing. What would close a circle is drawn the other way round, and says so; an
 * arrow from a DAG to itself is none in the picture.
 */
export function pictureOf(dependencies: readonly DagDependency[]): DagSpec {
  const arrows = new Map<string, Arrow>();
  const after = new Map<string, string[]>();
  const ids = new Set<string>();
  for (const { from, to, kind } of dependencies) {
    if (from === undefined || to === undefined) continue;
    ids.add(from.id).add(to.id);
    if (from.id === to.id) continue;
    const isBack = reaches(after, to.id, from.id);
    const tail = isBack ? to.id : from.id;
    const head = isBack ? from.id : to.id;
    const key = `${tail}\n${head}`;
    const arrow = arrows.get(key) ?? { from: tail, to: head, words: new Set<string>() };
    if (!arrows.has(key)) after.set(tail, [...(after.get(tail) ?? []), head]);
    arrow.words.add(isBack ? `↩ ${dependencyWords[kind] ?? ""}` : (dependencyWords[kind] ?? ""));
    arrows.set(key, arrow);
  }
  return create(DagSpecSchema, {
    dagId: "dependencies",
    tasks: [...ids].map((id) => ({ taskId: id })),
    edges: [...arrows.values()].map(({ from, to, words }) => ({
      fromTaskId: from,
      toTaskId: to,
      label: [...words].join(", "),
    })),
  });
}

function reaches(after: ReadonlyMap<string, readonly string[]>, from: string, to: string): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === to) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...(after.get(at) ?? []));
  }
  return false;
}
