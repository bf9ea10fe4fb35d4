/** Takes documentation from the comments of a DAG file. */

import type { DagSpec } from "@millrace/engine";

/** A comment that begins the file, unless it documents the declaration right after it. */
const ofFile =
  /^(?:#![^\n]*\n)?\s*\/\*\*((?:[^*]|\*(?!\/))*)\*\/[ \t]*\n(?![ \t]*(?:export|const|let|var|async|function|class|@))/;
const ofName =
  /\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*(?:@\w+(?:\([^)]*\))?\s*)*(?:export\s+)?(?:default\s+)?(?:const\s+|let\s+|var\s+)?(?:async\s+)?(?:function\s*\*?\s*)?([A-Za-z_$][\w$]*)/g;

/** The file's docs for a DAG that has none, and those of functions for tasks of the same name that have none. */
export function withDocs(spec: DagSpec, source: string): DagSpec {
  const byName = new Map<string, string>();
  for (const [, comment = "", name = ""] of source.matchAll(ofName))
    byName.set(name, textOf(comment));
  return {
    ...spec,
    docs: spec.docs === "" ? textOf(ofFile.exec(source)?.[1] ?? "") : spec.docs,
    tasks: spec.tasks.map((task) =>
      task.docs === "" ? { ...task, docs: byName.get(ownName(task.id)) ?? "" } : task,
    ),
  };
}

/** Without the groups around it and the number of the call: `clean.extract__1` is `extract`. */
function ownName(taskId: string): string {
  return taskId.slice(taskId.lastIndexOf(".") + 1).replace(/__\d+$/, "");
}

function textOf(comment: string): string {
  return comment
    .split("\n")
    .map((line) => line.replace(/^\s*\*? ?/, "").trimEnd())
    .join("\n")
    .trim();
}
