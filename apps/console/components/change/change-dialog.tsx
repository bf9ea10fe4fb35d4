"use client";
import { useRef } from "react";
import type { Change } from "../../lib/changes.ts";
import { DialogFrame } from "../dialog-frame.tsx";
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
    <DialogFrame
      isOpen={change !== null}
      onClose={onClose}
      ref={popup}
      // The first option, from where Enter confirms; not the button that closes.
      initialFocus={() => popup.current?.querySelector<HTMLElement>("form input:enabled")}
    >
      {change !== null && (
        <>
          <DialogHead verb={change.kind === "clear" ? "Clear" : "Mark"} subject={change.subject}>
            {change.kind === "clear"
              ? "Lets task instances run again, with all their retries. What they did stays as history."
              : "Says what the outcome is, whatever they did. What failed after them is cleared, because it may do better now."}
          </DialogHead>
          <ChangeForm change={change} onClose={onClose} onDone={onDone} />
        </>
      )}
    </DialogFrame>
  );
}
