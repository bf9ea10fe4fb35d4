"use client";
import { useQuery } from "@connectrpc/connect-query";
import { useCallback, useMemo, useState } from "react";
import { DagRunService, DagService } from "@millrace/wire/v1";
import type { Dag } from "@millrace/wire/v1";
import { LazyChange } from "../../../../../components/change/lazy-change.tsx";
import { Notice } from "../../../../../components/change/notice.tsx";
import { Empty, Unanswered } from "../../../../../components/faces.tsx";
import { pollMs } from "../../../../../components/providers.tsx";
import type { Change } from "../../../../../lib/changes.ts";
import { mappedTasksOf } from "../../../../../lib/map-shape.ts";
import { RunGrid } from "./run-grid.tsx";

const runCount = 25;

/** The newest runs against the tasks, which is where history is seen at a glance. */
export function GridTab({ dag }: { readonly dag: Dag }) {
  const { dagId, version } = dag;
  const [change, setChange] = useState<Change | null>(null);
  const [notice, setNotice] = useState<string | null>(null);
  const gone = useCallback(() => setNotice(null), []);
  const spec = useQuery(DagService.method.getDagSpec, { dagId, version }, { staleTime: Infinity });
  const mapped = useMemo(
    () => (spec.data?.spec === undefined ? noTasks : mappedTasksOf(spec.data.spec)),
    [spec.data],
  );
  const query = useQuery(
    DagRunService.method.getDagGrid,
    { dagId, runCount },
    { refetchInterval: pollMs },
  );
  if (query.data === undefined) {
    return (
      <Unanswered query={query} what="The grid could not be read" rows={8} rowClassName="h-6" />
    );
  }
  if (query.data.columns.length === 0) {
    return (
      <Empty title="This DAG never ran">
        <p>Trigger it, or make it active so that its schedule does.</p>
      </Empty>
    );
  }
  return (
    <>
      <RunGrid
        taskIds={query.data.taskIds}
        columns={query.data.columns}
        mapped={mapped}
        onChange={setChange}
      />
      <LazyChange
        change={change}
        onClose={() => setChange(null)}
        onDone={(message) => {
          setChange(null);
          setNotice(message);
        }}
      />
      <Notice message={notice} onGone={gone} />
    </>
  );
}

const noTasks: ReadonlySet<string> = new Set();
