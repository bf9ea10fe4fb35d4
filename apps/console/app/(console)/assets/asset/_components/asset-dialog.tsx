"use client";
import type { Asset } from "@millrace/wire/v1";
import { DialogFrame } from "../../../../../components/dialog-frame.tsx";
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
    <DialogFrame isOpen={action !== null} onClose={onClose}>
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
    </DialogFrame>
  );
}
