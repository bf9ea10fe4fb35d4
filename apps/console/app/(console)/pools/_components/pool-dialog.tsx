"use client";
import type { Pool } from "@millrace/wire/v1";
import { DialogFrame } from "../../../../components/dialog-frame.tsx";
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
    <DialogFrame isOpen={edit !== null} onClose={onClose}>
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
    </DialogFrame>
  );
}
