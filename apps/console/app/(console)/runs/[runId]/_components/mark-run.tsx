"use client";
import { AlertDialog } from "@base-ui/react/alert-dialog";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData, useQueryClient } from "@tanstack/react-query";
import { ArrowRight, Flag } from "lucide-react";
import { useState } from "react";
import { DagRunService, RunState } from "@millrace/wire/v1";
import type { DagRun } from "@millrace/wire/v1";
import { Button } from "../../../../../components/button.tsx";
import { CallError } from "../../../../../components/faces.tsx";
import { StateBadge, StateGlyph } from "../../../../../components/state-glyph.tsx";
import { formatCount } from "../../../../../lib/format.ts";
import { newRequestId } from "../../../../../lib/request-id.ts";
import { runFace, taskFace } from "../../../../../lib/states.ts";

type Props = {
  readonly run: DagRun;
  readonly onDone: (message: string) => void;
};

const ends = [RunState.SUCCESS, RunState.FAILED] as const;

/** Runs go on while one thinks. */
const refreshMs = 4_000;

/** Ends the run as a person says, after showing what that does to its task instances. */
export function MarkRun({ run, onDone }: Props) {
  const [isAsking, setAsking] = useState(false);
  const [state, setState] = useState<RunState>(RunState.SUCCESS);
  const queryClient = useQueryClient();
  const mark = useMutation(DagRunService.method.markDagRun, {
    onSuccess: () => {
      setAsking(false);
      onDone(`The run is marked as ${runFace({ state }).label.toLowerCase()}.`);
      return queryClient.invalidateQueries();
    },
  });
  const choices = ends.filter((end) => end !== run.state);
  const chosen = choices.includes(state as (typeof ends)[number]) ? state : choices[0];
  const preview = useQuery(
    DagRunService.method.markDagRun,
    { runId: run.runId, state: chosen ?? RunState.UNSPECIFIED, dryRun: true },
    {
      enabled: isAsking && chosen !== undefined,
      ...{ refetchInterval: refreshMs, staleTime: 0, gcTime: 0, retry: false },
      placeholderData: keepPreviousData,
    },
  );
  if (chosen === undefined) return null;
  const counts = preview.isError ? undefined : preview.data?.counts;
  const isKnown = counts !== undefined && !preview.isPlaceholderData;
  const word = runFace({ state: chosen }).label.toLowerCase();
  return (
    <AlertDialog.Root
      open={isAsking}
      onOpenChange={(isOpen) => {
        setAsking(isOpen);
        mark.reset();
      }}
    >
      <AlertDialog.Trigger render={<Button />}>
        <Flag size={13} aria-hidden /> Mark run…
      </AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-40 bg-(--shade)" />
        <AlertDialog.Popup className="fixed inset-x-4 top-[14dvh] z-50 mx-auto max-w-md space-y-4 rounded-panel border border-line bg-raised p-5 shadow-overlay outline-none">
          <AlertDialog.Title className="text-section font-semibold">
            Mark this run
          </AlertDialog.Title>
          <AlertDialog.Description className="text-muted">
            The run ends as you say. Teardowns that have not run still run first.
          </AlertDialog.Description>
          <fieldset className="flex flex-wrap items-center gap-1.5">
            <legend className="float-left mr-2 font-medium">As</legend>
            {choices.map((end) => (
              <label
                key={end}
                className="inline-flex h-7 items-center gap-1.5 rounded-control border border-line px-2.5 hover:bg-hover has-checked:border-accent has-checked:bg-selected has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
              >
                <input
                  type="radio"
                  name="run-outcome"
                  checked={end === chosen}
                  onChange={() => setState(end)}
                  className="sr-only"
                />
                <StateGlyph look={runFace({ state: end }).look} size={15} />
                {runFace({ state: end }).label}
              </label>
            ))}
          </fieldset>
          <ul
            aria-label="What would change"
            aria-live="polite"
            aria-busy={!isKnown}
            className={`divide-y divide-line transition-opacity ${preview.isPlaceholderData ? "opacity-50" : ""}`}
          >
            {preview.isError && <li>It is not known what would change.</li>}
            {preview.isPending && <li className="text-muted">Looking at what would change…</li>}
            {counts?.length === 0 && <li className="text-muted">No task instance changes.</li>}
            {counts?.map(({ state: from, nextState: to, count }) => (
              <li key={`${from}/${to}`} className="flex items-center gap-2 py-1">
                <span className="w-14 text-right font-medium">{formatCount(count)}</span>
                <span className="flex-1">
                  <StateBadge face={taskFace(from)} size={15} />
                </span>
                <ArrowRight size={12} aria-label="become" className="text-muted" />
                <span className="flex-1">
                  <StateBadge face={taskFace(to)} size={15} />
                </span>
              </li>
            ))}
          </ul>
          <CallError error={preview.error ?? mark.error} />
          <div className="flex justify-end gap-2">
            <AlertDialog.Close render={<Button />}>Close</AlertDialog.Close>
            <Button
              tone="primary"
              disabled={!isKnown || mark.isPending}
              onClick={() =>
                mark.mutate({ requestId: newRequestId(), runId: run.runId, state: chosen })
              }
            >
              {mark.isPending ? "Working…" : `Mark the run as ${word}`}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
