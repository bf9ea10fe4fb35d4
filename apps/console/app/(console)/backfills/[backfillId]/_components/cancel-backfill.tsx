"use client";
import { AlertDialog } from "@base-ui/react/alert-dialog";
import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { BackfillService, type Backfill } from "@millrace/wire/v1";
import { Button } from "../../../../../components/button.tsx";
import { CallError } from "../../../../../components/faces.tsx";
import { plural } from "../../../../../lib/format.ts";
import { newRequestId } from "../../../../../lib/request-id.ts";

type Props = {
  readonly backfill: Backfill;
  readonly isAsking: boolean;
  readonly onClose: () => void;
};

/** Asks whether it is meant, and says what becomes of the dates. */
export function CancelBackfill({ backfill, isAsking, onClose }: Props) {
  const [requestId] = useState(newRequestId);
  const queryClient = useQueryClient();
  const cancel = useMutation(BackfillService.method.cancelBackfill, {
    onSuccess: () => {
      onClose();
      return queryClient.invalidateQueries();
    },
  });
  const { pending = 0, queued = 0, running = 0 } = backfill.progress ?? {};
  return (
    <AlertDialog.Root open={isAsking} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-40 bg-(--shade)" />
        <AlertDialog.Popup className="fixed inset-x-4 top-[20dvh] z-50 mx-auto max-w-md space-y-4 rounded-panel border border-line bg-raised p-5 shadow-overlay outline-none">
          <AlertDialog.Title className="text-section font-semibold">
            Cancel this backfill?
          </AlertDialog.Title>
          <AlertDialog.Description className="text-muted">
            {plural(pending, "date")} {pending === 1 ? "stays" : "stay"} without a run,{" "}
            {plural(queued, "waiting run")} {queued === 1 ? "fails" : "fail"} as cancelled, and{" "}
            {plural(running, "running one")} {running === 1 ? "goes" : "go"} on. This cannot be
            undone; another backfill can fill in what is missing.
          </AlertDialog.Description>
          <CallError error={cancel.error} />
          <div className="flex justify-end gap-2">
            <AlertDialog.Close render={<Button />}>Go on with it</AlertDialog.Close>
            <Button
              tone="danger"
              disabled={cancel.isPending}
              onClick={() => cancel.mutate({ requestId, backfillId: backfill.backfillId })}
            >
              {cancel.isPending ? "Cancelling…" : "Cancel the backfill"}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
