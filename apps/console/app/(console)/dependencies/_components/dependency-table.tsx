"use client";
import Link from "next/link";
import { DependencyKind, type DagDependency, type DependencyNode } from "@millrace/wire/v1";
import { dependencyWords } from "../../../../lib/dependencies.ts";
import { plural } from "../../../../lib/format.ts";

/** Rows that are shown; the picture and the fields above find the others. */
const shownMax = 500;

const head = "px-3 py-2 text-left text-label font-medium text-muted";

/** The same in words: each arrow, and the task that says so. */
export function DependencyTable({
  dependencies,
}: {
  readonly dependencies: readonly DagDependency[];
}) {
  const rows = dependencies.slice(0, shownMax);
  return (
    <section
      aria-label="List of dependencies"
      className="overflow-x-auto rounded-panel border border-line"
    >
      <table className="w-full border-collapse">
        <thead>
          <tr className="border-b border-line bg-surface">
            <th className={head}>DAG</th>
            <th className={head} />
            <th className={head}>DAG</th>
            <th className={`${head} hidden sm:table-cell`}>Said by task</th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map(({ from, to, kind, taskId }) => (
            <tr key={`${from?.id}/${to?.id}/${kind}/${taskId}`} className="hover:bg-hover">
              <td className="px-3 py-2">
                <Node node={from} />
              </td>
              <td className="px-3 py-2 text-muted">
                {dependencyWords[kind]}
                {kind === DependencyKind.WAITS_FOR && " by"}
              </td>
              <td className="px-3 py-2">
                <Node node={to} />
              </td>
              <td className="hidden px-3 py-2 font-mono text-dense break-all text-muted sm:table-cell">
                {taskId}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {dependencies.length > rows.length && (
        <p className="px-3 py-2 text-muted">
          {plural(dependencies.length - rows.length, "more arrow")}; choose a DAG to see what is
          around it.
        </p>
      )}
    </section>
  );
}

function Node({ node }: { readonly node: DependencyNode | undefined }) {
  if (node === undefined) return null;
  if (!node.exists)
    return (
      <span className="break-words text-warn" title="No DAG of this id is registered">
        {node.id} <span className="text-label">not registered</span>
      </span>
    );
  return (
    <Link
      href={`/dags/${encodeURIComponent(node.id)}`}
      className="font-medium break-all hover:underline"
    >
      {node.id}
    </Link>
  );
}
