"use client";
import { Dialog } from "@base-ui/react/dialog";
import { useQuery } from "@connectrpc/connect-query";
import { DagService } from "@millrace/wire/v1";
import { DialogHead } from "../dialog-head.tsx";
import { Unanswered } from "../faces.tsx";
import { BackfillForm } from "./backfill-form.tsx";

type Props = {
  /** Of which DAG; null when the dialog is closed. */
  readonly dagId: string | null;
  readonly onClose: () => void;
};

/** Asks for a range of dates, shows what would become of them, and makes the backfill. */
export function BackfillDialog({ dagId, onClose }: Props) {
  return (
    <Dialog.Root open={dagId !== null} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-(--shade) transition-opacity duration-150 data-[ending-style]:opacity-0 data-[starting-style]:opacity-0" />
        <Dialog.Popup className="fixed inset-x-0 bottom-0 z-50 mx-auto flex max-h-[92dvh] w-full flex-col rounded-t-panel border border-line bg-raised shadow-overlay transition-all duration-150 outline-none data-[ending-style]:opacity-0 data-[starting-style]:translate-y-2 data-[starting-style]:opacity-0 sm:top-[8dvh] sm:bottom-auto sm:max-h-[84dvh] sm:max-w-[600px] sm:rounded-panel">
          {dagId !== null && <Content dagId={dagId} onClose={onClose} />}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Content({ dagId, onClose }: { readonly dagId: string; readonly onClose: () => void }) {
  const query = useQuery(DagService.method.getDag, { dagId }, { staleTime: 0, gcTime: 0 });
  return (
    <>
      <DialogHead verb="Backfill" subject={dagId}>
        Makes a run for every date of its schedule in a range. They start after runs that are due.
        {query.data?.dag?.isPaused === true &&
          " The DAG is paused: nothing starts until it is active."}
      </DialogHead>
      {query.data?.dag !== undefined ? (
        <BackfillForm dag={query.data.dag} onClose={onClose} />
      ) : (
        <Unanswered query={query} what={`${dagId} could not be read`} rows={4} />
      )}
    </>
  );
}
