"use client";
import { Dialog } from "@base-ui/react/dialog";
import { useRef } from "react";
import type { Change } from "../../lib/changes.ts";
import { DialogHead } from "../dialog-head.tsx";
import { ChangeForm } from "./change-form.tsx";

type Props = {
  /** What to ask about; null when the dialog is closed. */
  readonly change: Change | null;
  readonly onClose: () => void;
  /** With a sentence about what was done. */
  readonly onDone: (message: string) => void;
};

/** Shows what a clear or a mark would change, and does it when that is confirmed. */
export function ChangeDialog({ change, onClose, onDone }: Props) {
  const popup = useRef<HTMLDivElement>(null);
  return (
    <Dialog.Root open={change !== null} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-(--shade) transition-opacity duration-150 data-[ending-style]:opacity-0 data-[starting-style]:opacity-0" />
        <Dialog.Popup
          ref={popup}
          // The first option, from where Enter confirms; not the button that closes.
          initialFocus={() => popup.current?.querySelector<HTMLElement>("form input:enabled")}
          className="fixed inset-x-0 bottom-0 z-50 mx-auto flex max-h-[92dvh] w-full flex-col rounded-t-panel border border-line bg-raised shadow-overlay transition-all duration-150 outline-none data-[ending-style]:opacity-0 data-[starting-style]:translate-y-2 data-[starting-style]:opacity-0 sm:top-[8dvh] sm:bottom-auto sm:max-h-[84dvh] sm:max-w-[620px] sm:rounded-panel"
        >
          {change !== null && (
            <>
              <DialogHead
                verb={change.kind === "clear" ? "Clear" : "Mark"}
                subject={change.subject}
              >
                {change.kind === "clear"
                  ? "Lets task instances run again, with all their retries. What they did stays as history."
                  : "Says what the outcome is, whatever they did. What failed after them is cleared, because it may do better now."}
              </DialogHead>
              <ChangeForm change={change} onClose={onClose} onDone={onDone} />
            </>
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
