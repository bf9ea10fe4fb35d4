"use client";
import { AlertDialog } from "@base-ui/react/alert-dialog";
import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { Square } from "lucide-react";
import { useState } from "react";
import { DagRunService } from "@millrace/wire/v1";
import type { DagRun } from "@millrace/wire/v1";
import { Button } from "../../../../../components/button.tsx";
import { CallError } from "../../../../../components/faces.tsx";
import { newRequestId } from "../../../../../lib/request-id.ts";
import { isFinalRun } from "../../../../../lib/states.ts";

/** Asks, then stops the run; absent once the run is final. */
export function CancelRun({ run }: { readonly run: DagRun }) {
  const [isAsking, setAsking] = useState(false);
  const [requestId] = useState(newRequestId);
  const queryClient = useQueryClient();
  const cancel = useMutation(DagRunService.method.cancelDagRun, {
    onSuccess: () => {
      setAsking(false);
      return queryClient.invalidateQueries();
    },
  });
  if (isFinalRun(run.state)) return null;
  return (
    <AlertDialog.Root open={isAsking} onOpenChange={setAsking}>
      <AlertDialog.Trigger render={<Button tone="danger" />}>
        <Square size={12} aria-hidden /> Cancel run
      </AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-40 bg-(--shade)" />
        <AlertDialog.Popup className="fixed inset-x-4 top-[20dvh] z-50 mx-auto max-w-md space-y-4 rounded-panel border border-line bg-raised p-5 shadow-overlay outline-none">
          <AlertDialog.Title className="text-section font-semibold">
            Cancel this run?
          </AlertDialog.Title>
          <AlertDialog.Description className="text-muted">
            No new task starts, running ones are told to stop, and the run ends as failed with the
            reason cancelled. This cannot be undone.
          </AlertDialog.Description>
          <CallError error={cancel.error} />
          <div className="flex justify-end gap-2">
            <AlertDialog.Close render={<Button />}>Keep running</AlertDialog.Close>
            <Button
              tone="danger"
              disabled={cancel.isPending}
              onClick={() => cancel.mutate({ requestId, runId: run.runId })}
            >
              {cancel.isPending ? "Cancelling…" : "Cancel the run"}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
