"use client";
import { DagDialog, type DagDialogProps } from "../dag-dialog.tsx";
import { TriggerForm } from "./trigger-form.tsx";

/** Asks for the params of a run, and makes it. */
export function TriggerDialog(props: DagDialogProps) {
  return (
    <DagDialog
      {...props}
      verb="Trigger"
      about={(dag) => (
        <>
          Makes one run by hand, with the newest version{dag && `, v${dag.version}`}.
          {dag?.isPaused === true && " The DAG is paused: the run waits until it is active."}
        </>
      )}
      Form={TriggerForm}
    />
  );
}
