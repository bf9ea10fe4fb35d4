"use client";
import { DagDialog, type DagDialogProps } from "../dag-dialog.tsx";
import { BackfillForm } from "./backfill-form.tsx";

/** Asks for a range of dates, shows what would become of them, and makes the backfill. */
export function BackfillDialog(props: DagDialogProps) {
  return (
    <DagDialog
      {...props}
      verb="Backfill"
      about={(dag) => (
        <>
          Makes a run for every date of its schedule in a range. They start after runs that are due.
          {dag?.isPaused === true && " The DAG is paused: nothing starts until it is active."}
        </>
      )}
      Form={BackfillForm}
    />
  );
}
