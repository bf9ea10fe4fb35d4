"use client";
import { useQuery } from "@connectrpc/connect-query";
import { TaskInstanceService } from "@millrace/wire/v1";
import { CopyButton } from "../../../../../components/copy-command.tsx";
import { Empty, Unanswered } from "../../../../../components/faces.tsx";
import { ValueTree } from "../../../../../components/value-tree.tsx";
import { decodeValue, nodeToJson } from "../../../../../lib/codec.ts";
import { formatBytes } from "../../../../../lib/format.ts";
import { useOnChange } from "../../../../../lib/use-on-change.ts";
import { LargeValue } from "./large-value.tsx";
import type { TaskRequest } from "./task-request.ts";

type Props = { readonly request: TaskRequest; readonly change: string; readonly isFinal: boolean };

/** The values the task left for others, by key. */
export function ValuesTab({ request, change, isFinal }: Props) {
  const query = useQuery(TaskInstanceService.method.listXComs, request, {
    refetchInterval: isFinal ? false : 10_000,
  });
  const { refetch } = query;
  useOnChange(change, refetch);
  if (query.data === undefined) {
    return <Unanswered query={query} what="The values could not be read" rows={3} />;
  }
  if (query.data.xcoms.length === 0) {
    return (
      <Empty title="No values">
        <p>What a task returns, and what it leaves under keys, appears here.</p>
      </Empty>
    );
  }
  return (
    <ul className="space-y-4" data-testid="values">
      {query.data.xcoms.map(({ key, value, size }) => {
        if (value === undefined) {
          return <LargeValue key={key} request={request} name={key} size={Number(size)} />;
        }
        const { data } = value;
        const node = decodeValue(data);
        return (
          <li key={key} className="space-y-1.5">
            <div className="flex items-center gap-2">
              <h3 className="font-mono text-dense font-medium">{key}</h3>
              <span className="text-label text-muted">{formatBytes(data.length)}</span>
              <span className="flex-1" />
              <CopyButton
                text={JSON.stringify(nodeToJson(node), null, 2)}
                label={`Copy ${key} as JSON`}
              />
            </div>
            <div className="overflow-x-auto rounded-control border border-line bg-surface p-3">
              <ValueTree node={node} />
            </div>
          </li>
        );
      })}
    </ul>
  );
}
