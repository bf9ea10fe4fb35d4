"use client";
import { useQuery } from "@connectrpc/connect-query";
import type { ReactNode } from "react";
import { TaskInstanceService } from "@millrace/wire/v1";
import type { DagRun, TaskInstance, XCom } from "@millrace/wire/v1";
import { CopyButton } from "../../../../../components/copy-command.tsx";
import { CallError } from "../../../../../components/faces.tsx";
import { ValueTree } from "../../../../../components/value-tree.tsx";
import { decodeValue, nodeToJson } from "../../../../../lib/codec.ts";
import { formatBytes, formatCount } from "../../../../../lib/format.ts";
import { useOnChange } from "../../../../../lib/use-on-change.ts";
import { LargeValue } from "./large-value.tsx";

const returnKey = "return_value";

type Props = {
  readonly run: DagRun;
  /** The task whose value is the run's result. */
  readonly taskId: string;
  readonly task: TaskInstance | undefined;
  readonly onTask: (taskId: string) => void;
};

/** What a run that succeeded resulted in: what the task returned that the DAG names for it. */
export function RunResult({ run, taskId, task, onTask }: Props) {
  const isMapped = task?.mapped !== undefined;
  const query = useQuery(
    TaskInstanceService.method.listXComs,
    { runId: run.runId, taskId },
    { enabled: !isMapped },
  );
  const { refetch } = query;
  // It may have been cleared since, and have come to another result.
  useOnChange(isMapped ? "" : String(run.revision), refetch);
  const link = (
    <button
      type="button"
      onClick={() => onTask(taskId)}
      className="rounded-control font-mono text-dense text-accent hover:underline"
    >
      {taskId}
    </button>
  );
  if (isMapped) {
    const { length = 0 } = task.mapped ?? {};
    return (
      <Frame aside={<>of {link}</>}>
        <p className="text-muted">
          The list of what its {formatCount(length)} instances returned; see them one by one.
        </p>
      </Frame>
    );
  }
  if (query.isError)
    return (
      <Frame aside={<>of {link}</>}>
        <CallError error={query.error} />
      </Frame>
    );
  if (query.data === undefined) return null;
  const found = query.data.xcoms.find(({ key }) => key === returnKey);
  if (found === undefined)
    return (
      <Frame aside={<>of {link}</>}>
        <p className="text-muted">It returned nothing.</p>
      </Frame>
    );
  if (found.value === undefined)
    return (
      <Frame aside={<>of {link}</>}>
        <ul>
          <LargeValue
            request={{ runId: run.runId, taskId }}
            name={returnKey}
            size={Number(found.size)}
          />
        </ul>
      </Frame>
    );
  return <Value data={found.value.data} link={link} />;
}

type ValueProps = {
  readonly data: NonNullable<XCom["value"]>["data"];
  readonly link: ReactNode;
};

function Value({ data, link }: ValueProps) {
  const node = decodeValue(data);
  const json = JSON.stringify(nodeToJson(node), null, 2);
  return (
    <Frame
      aside={
        <>
          of {link} · {formatBytes(data.length)}
          <CopyButton text={json} label="Copy the result as JSON" />
        </>
      }
    >
      <div
        tabIndex={0}
        role="group"
        aria-label="The run's result"
        className="max-h-48 overflow-auto rounded-control border border-line bg-surface p-3"
      >
        <ValueTree node={node} />
      </div>
    </Frame>
  );
}

function Frame({ aside, children }: { readonly aside: ReactNode; readonly children: ReactNode }) {
  return (
    <section
      aria-labelledby="run-result"
      data-testid="run-result"
      className="space-y-1.5 border-b border-line px-4 py-3 md:px-6"
    >
      <div className="flex flex-wrap items-center gap-x-2">
        <h2 id="run-result" className="font-medium">
          Result
        </h2>
        <span className="inline-flex items-center gap-1 text-dense text-muted">{aside}</span>
      </div>
      {children}
    </section>
  );
}
