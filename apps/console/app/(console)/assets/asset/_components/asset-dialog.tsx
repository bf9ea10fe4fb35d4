"use client";
import { Dialog } from "@base-ui/react/dialog";
import type { Asset } from "@millrace/wire/v1";
import { DialogHead } from "../../../../../components/dialog-head.tsx";
import { EmitForm } from "./emit-form.tsx";
import { MaterializeForm } from "./materialize-form.tsx";

export type AssetAction = "emit" | "materialize";

type Props = {
  readonly asset: Asset;
  /** Null when the dialog is closed. */
  readonly action: AssetAction | null;
  readonly onClose: () => void;
};

/** Says that something happened to an asset, or has it made anew. */
export function AssetDialog({ asset, action, onClose }: Props) {
  return (
    <Dialog.Root open={action !== null} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-(--shade) transition-opacity duration-150 data-[ending-style]:opacity-0 data-[starting-style]:opacity-0" />
        <Dialog.Popup className="fixed inset-x-0 bottom-0 z-50 mx-auto flex max-h-[92dvh] w-full flex-col rounded-t-panel border border-line bg-raised shadow-overlay transition-all duration-150 outline-none data-[ending-style]:opacity-0 data-[starting-style]:translate-y-2 data-[starting-style]:opacity-0 sm:top-[12dvh] sm:bottom-auto sm:max-h-[80dvh] sm:max-w-[520px] sm:rounded-panel">
          {action === "emit" && (
            <>
              <DialogHead verb="Record an event of" subject={asset.name}>
                DAGs that wait for the asset count it like any other event.
              </DialogHead>
              <EmitForm asset={asset} onClose={onClose} />
            </>
          )}
          {action === "materialize" && (
            <>
              <DialogHead verb="Make" subject={asset.name}>
                Makes one run of the DAG that makes the asset.
              </DialogHead>
              <MaterializeForm asset={asset} onClose={onClose} />
            </>
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
