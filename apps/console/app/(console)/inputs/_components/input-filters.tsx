"use client";
import { useQuery } from "@connectrpc/connect-query";
import { X } from "lucide-react";
import { DagService } from "@millrace/wire/v1";
import { Button } from "../../../../components/button.tsx";
import { StateGlyph } from "../../../../components/state-glyph.tsx";
import { inputFace, inputStateNames } from "../../../../lib/input-requests.ts";
import { useUrlState } from "../../../../lib/use-url-state.ts";

/** The server gives no more at once. */
const dagsMax = 500;

/** Which questions are shown: those in one state, of one DAG, of one run. */
export function InputFilters() {
  const [params, setParams] = useUrlState();
  const state = params.get("state");
  const dagId = params.get("dag") ?? "";
  const runId = params.get("run");
  const { data } = useQuery(
    DagService.method.listDags,
    { pageSize: dagsMax },
    { staleTime: 60_000 },
  );
  const known = (data?.dags ?? []).map((dag) => dag.dagId).toSorted();
  const dags = dagId === "" || known.includes(dagId) ? known : [dagId, ...known];
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <div role="group" aria-label="State" className="flex flex-wrap gap-1.5">
        {[...inputStateNames].map(([name, one]) => {
          const face = inputFace(one);
          return (
            <button
              key={name}
              type="button"
              aria-pressed={name === state}
              onClick={() => setParams({ state: name === state ? null : name })}
              className="ghost-transition inline-flex h-7 items-center gap-1.5 rounded-control border border-line px-2 text-dense hover:bg-hover aria-pressed:border-accent aria-pressed:bg-selected"
            >
              <StateGlyph look={face.look} size={15} />
              {face.label}
            </button>
          );
        })}
      </div>
      <select
        aria-label="DAG"
        value={dagId}
        onChange={(event) => setParams({ dag: event.target.value })}
        className="h-7 max-w-64 rounded-control border border-line bg-bg px-1.5 text-dense"
      >
        <option value="">Every DAG</option>
        {dags.map((id) => (
          <option key={id} value={id}>
            {id}
          </option>
        ))}
      </select>
      {runId !== null && (
        <Button tone="small" onClick={() => setParams({ run: null })}>
          Only run <span className="font-mono">{runId}</span>
          <X size={12} aria-hidden />
          <span className="sr-only">, show all runs</span>
        </Button>
      )}
    </div>
  );
}
