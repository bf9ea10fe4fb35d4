"use client";
import { useQuery } from "@connectrpc/connect-query";
import { DagRunService } from "@millrace/wire/v1";
import { Empty, ErrorFace, SkeletonRows } from "../../../../../components/faces.tsx";
import { pollMs } from "../../../../../components/providers.tsx";
import { RunGrid } from "./run-grid.tsx";

const runCount = 25;

/** The newest runs against the tasks, which is where history is seen at a glance. */
export function GridTab({ dagId }: { readonly dagId: string }) {
  const query = useQuery(
    DagRunService.method.getDagGrid,
    { dagId, runCount },
    { refetchInterval: pollMs },
  );
  if (query.data === undefined) {
    return query.isError ? (
      <ErrorFace
        error={query.error}
        what="The grid could not be read"
        onRetry={() => void query.refetch()}
      />
    ) : (
      <SkeletonRows rows={8} rowClassName="h-6" />
    );
  }
  if (query.data.columns.length === 0) {
    return (
      <Empty title="This DAG never ran">
        <p>Trigger it, or make it active so that its schedule does.</p>
      </Empty>
    );
  }
  return <RunGrid taskIds={query.data.taskIds} columns={query.data.columns} />;
}
