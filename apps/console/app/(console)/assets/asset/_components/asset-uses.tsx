"use client";
import Link from "next/link";
import type { ReactNode } from "react";
import type { Asset } from "@millrace/wire/v1";
import { plural } from "../../../../../lib/format.ts";

/** Which tasks make an asset, which DAGs wait for it, and which tasks read it. */
export function AssetUses({ asset }: { readonly asset: Asset }) {
  const { producers, consumers, aliases } = asset;
  return (
    <div className="grid gap-4 md:grid-cols-2">
      <Uses title="Made by" nothing="No task makes it.">
        {producers.map(({ dagId, taskId, alias }) => (
          <Use key={`${dagId} ${taskId} ${alias}`} dagId={dagId} word={taskId} alias={alias} />
        ))}
      </Uses>
      <Uses title="Used by" nothing="No DAG waits for it, and no task reads it.">
        {consumers.map(({ dagId, taskId, alias, pendingCount }) => (
          <Use
            key={`${dagId} ${taskId} ${alias}`}
            dagId={dagId}
            word={
              taskId !== ""
                ? `${taskId} reads it`
                : pendingCount === 0
                  ? "waits for it"
                  : `waits for it; ${plural(pendingCount, "event")} not used yet`
            }
            alias={alias}
          />
        ))}
      </Uses>
      {aliases.length > 0 && (
        <p className="text-muted md:col-span-2">Named for the aliases {aliases.join(", ")}.</p>
      )}
    </div>
  );
}

type UsesProps = {
  readonly title: string;
  readonly nothing: string;
  readonly children: readonly ReactNode[];
};

function Uses({ title, nothing, children }: UsesProps) {
  return (
    <section aria-label={title} className="space-y-1.5">
      <h2 className="font-medium">{title}</h2>
      <ul className="max-h-72 divide-y divide-line overflow-y-auto rounded-panel border border-line">
        {children.length === 0 ? <li className="px-3 py-2 text-muted">{nothing}</li> : children}
      </ul>
    </section>
  );
}

type UseProps = { readonly dagId: string; readonly word: string; readonly alias: string };

function Use({ dagId, word, alias }: UseProps) {
  return (
    <li className="flex flex-wrap items-baseline gap-x-2 px-3 py-2">
      <Link href={`/dags/${encodeURIComponent(dagId)}`} className="text-accent hover:underline">
        {dagId}
      </Link>
      <span className="text-dense text-muted">
        {word}
        {alias !== "" && `, by the alias ${alias}`}
      </span>
    </li>
  );
}
