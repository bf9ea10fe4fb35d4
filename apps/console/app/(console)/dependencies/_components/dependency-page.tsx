"use client";
import { Network } from "lucide-react";
import { useRouter } from "next/navigation";
import { useMemo } from "react";
import { Empty, Unanswered } from "../../../../components/faces.tsx";
import { LazyGraph } from "../../../../components/graph/lazy-graph.tsx";
import { TopBar } from "../../../../components/top-bar.tsx";
import { pictureOf } from "../../../../lib/dependencies.ts";
import { plural } from "../../../../lib/format.ts";
import { useDependencies, type Dependencies } from "../../../../lib/use-dependencies.ts";
import { useUrlState } from "../../../../lib/use-url-state.ts";
import { DependencyTable } from "./dependency-table.tsx";
import { FocusFields } from "./focus-fields.tsx";

const levelsDefault = 2;

/** Which DAGs trigger and wait for which: all of them, or those around one. */
export function DependencyPage() {
  const [params, setParams] = useUrlState();
  const dagId = params.get("dag") ?? "";
  const levels = Number(params.get("levels") ?? levelsDefault) || levelsDefault;
  const query = useDependencies(dagId, levels);
  return (
    <>
      <TopBar crumbs={[{ label: "Dependencies" }]} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto max-w-[1600px] space-y-4 px-4 py-5 md:px-6">
          <div className="flex flex-wrap items-baseline gap-x-3 gap-y-2">
            <h1 className="text-title font-semibold tracking-tight">Dependencies</h1>
            {query.data !== undefined && <Summary {...query.data} />}
          </div>
          <FocusFields
            dagId={dagId}
            levels={levels}
            onChange={(focus) => setParams(focus, { isStep: true })}
          />
          {query.data === undefined ? (
            <Unanswered query={query} what="The dependencies could not be read" rows={6} />
          ) : query.data.dependencies.length === 0 ? (
            <Nothing dagId={dagId} />
          ) : (
            <Drawn {...query.data} dagId={dagId} />
          )}
        </div>
      </div>
    </>
  );
}

function Summary({ dependencies, isCut }: Dependencies) {
  const dags = new Set(dependencies.flatMap(({ from, to }) => [from?.id, to?.id]));
  return (
    <p className="text-muted" data-testid="dependency-count">
      {plural(dags.size, "DAG")}, {plural(dependencies.length, "arrow")}
      {isCut && " and more; choose a DAG to see what is around it"}
    </p>
  );
}

function Nothing({ dagId }: { readonly dagId: string }) {
  return (
    <Empty
      title={dagId === "" ? "No DAG depends on another" : `${dagId} stands alone`}
      icon={<Network size={18} aria-hidden />}
    >
      <p>
        Tasks that trigger another DAG, or wait for one, draw an arrow here:{" "}
        <code>triggerDag(…)</code>, <code>externalTaskSensor(…)</code>.
      </p>
    </Empty>
  );
}

function Drawn({ dependencies, dagId }: Dependencies & { readonly dagId: string }) {
  const router = useRouter();
  const spec = useMemo(() => pictureOf(dependencies), [dependencies]);
  return (
    <>
      <LazyGraph
        spec={spec}
        tasks={null}
        selected={dagId === "" ? null : dagId}
        onSelect={(id) => id !== null && router.push(`/dags/${encodeURIComponent(id)}`)}
        isSnug
        label="Graph of the DAGs"
        className="rounded-panel border border-line"
      />
      <DependencyTable dependencies={dependencies} />
    </>
  );
}
