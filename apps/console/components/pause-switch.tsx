"use client";
import { Switch } from "@base-ui/react/switch";
import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { DagService } from "@millrace/wire/v1";
import { callFailure } from "../lib/failures.ts";
import { newRequestId } from "../lib/request-id.ts";

type Props = {
  readonly dagId: string;
  readonly isPaused: boolean;
  /** Says beside it what the switch shows. */
  readonly hasWord?: boolean;
};

/** On = active. Moves at once; goes back, saying why, when the server refuses. */
export function PauseSwitch({ dagId, isPaused, hasWord = false }: Props) {
  const queryClient = useQueryClient();
  const [wanted, setWanted] = useState<boolean | null>(null);
  const options = {
    onSuccess: () => queryClient.invalidateQueries(),
    onSettled: () => setWanted(null),
  };
  const pause = useMutation(DagService.method.pauseDag, options);
  const unpause = useMutation(DagService.method.unpauseDag, options);
  const error = pause.error ?? unpause.error;
  const change = (isActive: boolean) => {
    setWanted(!isActive);
    pause.reset();
    unpause.reset();
    (isActive ? unpause : pause).mutate({ requestId: newRequestId(), dagId });
  };
  const isActive = !(wanted ?? isPaused);
  return (
    <span className="inline-flex items-center gap-1.5">
      <Switch.Root
        checked={isActive}
        onCheckedChange={change}
        aria-label={`${dagId} is active`}
        title={
          error === null
            ? isActive
              ? "Active. Click to pause: no scheduled runs, no new tasks."
              : "Paused. Click to make it active."
            : callFailure(error).message
        }
        className="relative inline-flex h-[18px] w-8 shrink-0 cursor-pointer rounded-full border border-line-strong bg-surface transition-colors duration-150 after:absolute after:-inset-[5px] data-[checked]:border-accent data-[checked]:bg-accent"
      >
        <Switch.Thumb className="m-[2px] size-3 rounded-full bg-line-strong transition-transform duration-150 data-[checked]:translate-x-[14px] data-[checked]:bg-on-accent" />
      </Switch.Root>
      {hasWord && (
        <span aria-hidden className="text-muted max-sm:hidden">
          {isActive ? "Active" : "Paused"}
        </span>
      )}
      {error !== null && (
        <span role="alert" className="text-label text-danger">
          {callFailure(error).message}
        </span>
      )}
    </span>
  );
}
