import type { DagRun } from "@millrace/wire/v1";
import { ValueTree } from "../../../../../components/value-tree.tsx";
import { decodeValue } from "../../../../../lib/codec.ts";
import { plural } from "../../../../../lib/format.ts";

/** The params the run was made with, defaults filled in; nothing when there are none. */
export function RunParams({ run }: { readonly run: DagRun }) {
  if (run.params === undefined || run.params.data.length === 0) return null;
  const node = decodeValue(run.params.data);
  if (node.kind !== "record" || node.entries.length === 0) return null;
  return (
    <details className="group">
      <summary className="w-fit text-dense text-muted hover:text-text">
        {plural(node.entries.length, "param")}
      </summary>
      <div className="mt-2 max-h-64 overflow-auto rounded-control border border-line bg-surface p-3">
        <ValueTree node={node} />
      </div>
    </details>
  );
}
