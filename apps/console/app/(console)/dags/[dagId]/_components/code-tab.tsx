"use client";
import { useQuery } from "@connectrpc/connect-query";
import { useMemo } from "react";
import { DagService } from "@millrace/wire/v1";
import type { Dag } from "@millrace/wire/v1";
import { CopyButton } from "../../../../../components/copy-command.tsx";
import { Empty, Unanswered } from "../../../../../components/faces.tsx";
import { tokenLines } from "../../../../../lib/highlight.ts";
import type { Token } from "../../../../../lib/highlight.ts";

/** The file the newest version was compiled from. */
export function CodeTab({ dag }: { readonly dag: Dag }) {
  const query = useQuery(
    DagService.method.getDagSource,
    { dagId: dag.dagId, version: dag.version },
    { staleTime: Infinity },
  );
  if (query.data === undefined) {
    return (
      <Unanswered query={query} what="The source could not be read" rows={12} rowClassName="h-5" />
    );
  }
  const { file, source, version } = query.data;
  if (source === "") {
    return (
      <Empty title="No source">
        <p>This DAG was registered without its file.</p>
      </Empty>
    );
  }
  return (
    <div className="px-4 py-4 md:px-6">
      <div className="overflow-hidden rounded-panel border border-line">
        <div className="flex items-center gap-2 border-b border-line bg-surface px-3 py-1">
          <span className="font-mono text-dense">{file}</span>
          <span className="flex-1 text-label text-muted">version {version}, as it runs</span>
          <CopyButton text={source} label="Copy the source" />
        </div>
        <Code source={source} />
      </div>
    </div>
  );
}

const colors: Readonly<Record<Token["kind"], string>> = {
  plain: "",
  comment: "text-muted italic",
  string: "text-(--ansi-2)",
  number: "text-(--ansi-5)",
  keyword: "text-(--ansi-4)",
  decorator: "text-(--ansi-3)",
  call: "text-(--ansi-6)",
};

function Code({ source }: { readonly source: string }) {
  const lines = useMemo(() => tokenLines(source), [source]);
  return (
    <pre
      tabIndex={0}
      aria-label="Source"
      className="overflow-x-auto py-2 font-mono text-dense leading-5 -outline-offset-2"
    >
      <code>
        {lines.map((tokens, ix) => (
          <span key={ix} className="flex">
            <span aria-hidden className="w-12 shrink-0 pr-4 text-right text-muted select-none">
              {ix + 1}
            </span>
            <span className="pr-4">
              {tokens.map((token, at) => (
                <span key={at} className={colors[token.kind]}>
                  {token.text}
                </span>
              ))}
              {"\n"}
            </span>
          </span>
        ))}
      </code>
    </pre>
  );
}
