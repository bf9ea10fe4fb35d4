"use client";
import { AlertDialog } from "@base-ui/react/alert-dialog";
import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { Pause, Play, Square } from "lucide-react";
import { useState } from "react";
import { BackfillService, BackfillState, type Backfill } from "@millrace/wire/v1";
import { Button } from "../../../../../components/button.tsx";
import { CallError } from "../../../../../components/faces.tsx";
import { isOverBackfill } from "../../../../../lib/backfills.ts";
import { formatCount } from "../../../../../lib/format.ts";
import { newRequestId } from "../../../../../lib/request-id.ts";

/** Pause, resume, cancel; absent once it is over. */
export function BackfillActions({ backfill }: { readonly backfill: Backfill }) {
  const queryClient = useQueryClient();
  const onSuccess = () => queryClient.invalidateQueries();
  const pause = useMutation(BackfillService.method.pauseBackfill, { onSuccess });
  const resume = useMutation(BackfillService.method.resumeBackfill, { onSuccess });
  if (isOverBackfill(backfill) || backfill.state === BackfillState.CANCELLING) return null;
  const { backfillId } = backfill;
  const isPaused = backfill.state === BackfillState.PAUSED;
  const change = isPaused ? resume : pause;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <CallError error={change.error} />
      <Button
        disabled={change.isPending}
        onClick={() => change.mutate({ requestId: newRequestId(), backfillId })}
      >
        {isPaused ? <Play size={13} aria-hidden /> : <Pause size={13} aria-hidden />}
        {isPaused ? "Resume" : "Pause"}
      </Button>
      <CancelBackfill backfill={backfill} />
    </div>
  );
}

function CancelBackfill({ backfill }: { readonly backfill: Backfill }) {
  const [isAsking, setAsking] = useState(false);
  const [requestId] = useState(newRequestId);
  const queryClient = useQueryClient();
  const cancel = useMutation(BackfillService.method.cancelBackfill, {
    onSuccess: () => {
      setAsking(false);
      return queryClient.invalidateQueries();
    },
  });
  const { pending = 0, queued = 0, running = 0 } = backfill.progress ?? {};
  return (
    <AlertDialog.Root open={isAsking} onOpenChange={setAsking}>
      <AlertDialog.Trigger render={<Button tone="danger" />}>
        <Square size={12} aria-hidden /> Cancel
      </AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-40 bg-(--shade)" />
        <AlertDialog.Popup className="fixed inset-x-4 top-[20dvh] z-50 mx-auto max-w-md space-y-4 rounded-panel border border-line bg-raised p-5 shadow-overlay outline-none">
          <AlertDialog.Title className="text-section font-semibold">
            Cancel this backfill?
          </AlertDialog.Title>
          <AlertDialog.Description className="text-muted">
            {formatCount(pending)} dates stay without a run, {formatCount(queued)} waiting runs fail
            as cancelled, and {formatCount(running)} that run go on. This cannot be undone; another
            backfill can fill in what is missing.
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
