import type { DagSpec } from "@millrace/engine";

/** Import errors, by file, for DAG ids that are taken more than once: which file is meant cannot be known, so none is. */
export function duplicates(specs: ReadonlyMap<string, readonly DagSpec[]>): Map<string, string> {
  const filesOf = new Map<string, string[]>();
  for (const [file, dags] of specs) {
    for (const dag of dags) filesOf.set(dag.dagId, [...(filesOf.get(dag.dagId) ?? []), file]);
  }
  const messages = new Map<string, string>();
  for (const [dagId, files] of filesOf) {
    if (files.length < 2) continue;
    const where = [...new Set(files)].join(" and ");
    for (const file of new Set(files)) {
      const message = `${file}: the DAG id "${dagId}" is used ${files.length} times, in ${where}; ids are unique. Rename all but one.`;
      messages.set(file, [messages.get(file), message].filter(Boolean).join("\n"));
    }
  }
  return messages;
}
