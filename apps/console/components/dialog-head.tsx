"use client";
import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";

type Props = {
  /** A verb; the subject behind it may be long and breaks anywhere. */
  readonly verb: string;
  readonly subject: string;
  /** What the dialog does, in a sentence or two. */
  readonly children: ReactNode;
};

/** What stands above the form of a dialog: its title, what it does, and the way out. */
export function DialogHead({ verb, subject, children }: Props) {
  return (
    <div className="flex items-start gap-3 border-b border-line px-5 py-3.5">
      <div className="min-w-0 flex-1">
        <Dialog.Title className="text-section font-semibold">
          {verb} <span className="break-all">{subject}</span>
        </Dialog.Title>
        <Dialog.Description className="text-dense text-muted">{children}</Dialog.Description>
      </div>
      <Dialog.Close
        aria-label="Close"
        className="ghost-transition grid size-7 place-items-center rounded-control text-muted hover:bg-hover hover:text-text"
      >
        <X size={16} aria-hidden />
      </Dialog.Close>
    </div>
  );
}
