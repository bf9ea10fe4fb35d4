"use client";
import { Dialog } from "@base-ui/react/dialog";
import type { Pool } from "@millrace/wire/v1";
import { DialogHead } from "../../../../components/dialog-head.tsx";
import { PoolForm } from "./pool-form.tsx";

export type PoolEdit =
  { readonly kind: "create" } | { readonly kind: "update"; readonly pool: Pool };

type Props = {
  /** Null when the dialog is closed. */
  readonly edit: PoolEdit | null;
  readonly onClose: () => void;
};

/** Makes a pool, or changes or deletes one. */
export function PoolDialog({ edit, onClose }: Props) {
  return (
    <Dialog.Root open={edit !== null} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-(--shade) transition-opacity duration-150 data-[ending-style]:opacity-0 data-[starting-style]:opacity-0" />
        <Dialog.Popup className="fixed inset-x-0 bottom-0 z-50 mx-auto flex max-h-[92dvh] w-full flex-col rounded-t-panel border border-line bg-raised shadow-overlay transition-all duration-150 outline-none data-[ending-style]:opacity-0 data-[starting-style]:translate-y-2 data-[starting-style]:opacity-0 sm:top-[8dvh] sm:bottom-auto sm:max-h-[84dvh] sm:max-w-[520px] sm:rounded-panel">
          {edit !== null && (
            <>
              <DialogHead
                verb={edit.kind === "create" ? "Make" : "Edit"}
                subject={edit.kind === "create" ? "a pool" : edit.pool.name}
              >
                {edit.kind === "create"
                  ? "Tasks that name it share its slots, whatever DAG they are of."
                  : "A pool that is made smaller than its use admits nobody until it fits."}
              </DialogHead>
              <PoolForm pool={edit.kind === "create" ? null : edit.pool} onClose={onClose} />
            </>
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
