"use client";
import { useCallback } from "react";
import { InputState } from "@millrace/wire/v1";
import { Empty } from "../../../../components/faces.tsx";
import { SidePanel } from "../../../../components/side-panel.tsx";
import { TopBar } from "../../../../components/top-bar.tsx";
import { closedStates, inputStateNames, parseInputKey } from "../../../../lib/input-requests.ts";
import { useEscape } from "../../../../lib/use-escape.ts";
import { useUrlState } from "../../../../lib/use-url-state.ts";
import { InputFilters } from "./input-filters.tsx";
import { LazyRequestPanel } from "./lazy-request-panel.tsx";
import { RequestSection } from "./request-section.tsx";

/** Required actions: what tasks ask people, open ones first, and what became of the others. */
export function InputsPage() {
  const [params, setParams] = useUrlState();
  const asked = parseInputKey(params.get("ask") ?? "");
  const dagId = params.get("dag") ?? "";
  const runId = params.get("run") ?? "";
  const state = inputStateNames.get(params.get("state") ?? "") ?? null;
  const select = useCallback(
    (ask: string | null) => setParams({ ask }, { isStep: true }),
    [setParams],
  );
  useEscape(asked === null ? null : () => select(null));
  const list = { dagId, runId, selected: params.get("ask"), onSelect: select };
  return (
    <>
      <TopBar crumbs={[{ label: "Inputs" }]} />
      <div className="flex min-h-0 flex-1">
        <div className="min-w-0 flex-1 overflow-y-auto">
          <div className="mx-auto max-w-[1600px] space-y-4 px-4 py-5 md:px-6">
            <div className="flex flex-wrap items-baseline gap-x-3">
              <h1 className="text-title font-semibold tracking-tight">Inputs</h1>
              <p className="text-muted">What tasks ask people, and wait for.</p>
            </div>
            <InputFilters />
            {state === null ? (
              <>
                <RequestSection {...list} title="Open" states={openOnly}>
                  <Empty title="Nobody is asked anything">
                    <p>
                      A task that returns <code className="font-mono">trigger.input(…)</code>, or an
                      approval, appears here until somebody answers.
                    </p>
                  </Empty>
                </RequestSection>
                <RequestSection {...list} title="Earlier" states={closedStates}>
                  <p className="px-3 py-4 text-muted">Nothing was asked so far.</p>
                </RequestSection>
              </>
            ) : (
              <RequestSection {...list} title="" states={[state]}>
                <Empty title="None is in this state" />
              </RequestSection>
            )}
          </div>
        </div>
        {asked !== null && (
          <SidePanel label="Question">
            <LazyRequestPanel key={params.get("ask")} asked={asked} onClose={() => select(null)} />
          </SidePanel>
        )}
      </div>
    </>
  );
}

const openOnly: readonly InputState[] = [InputState.OPEN];
