"use client";
import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { Pause, Play, Square } from "lucide-react";
import { useState } from "react";
import { BackfillService, BackfillState, type Backfill } from "@millrace/wire/v1";
import { Button } from "../../../../../components/button.tsx";
import { CallError } from "../../../../../components/faces.tsx";
import { isOverBackfill } from "../../../../../lib/backfills.ts";
import { newRequestId } from "../../../../../lib/request-id.ts";
import { LazyCancelBackfill } from "./lazy-cancel-backfill.tsx";

/** Pause, resume, cancel; absent once it is over. */
export function BackfillActions({ backfill }: { readonly backfill: Backfill }) {
  const [isAsking, setAsking] = useState(false);
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
      <Button tone="danger" onClick={() => setAsking(true)}>
        <Square size={12} aria-hidden /> Cancel
      </Button>
      <LazyCancelBackfill
        backfill={backfill}
        isAsking={isAsking}
        onClose={() => setAsking(false)}
      />
    </div>
  );
}
