"use client";
import { Dialog } from "@base-ui/react/dialog";
import type { ReactNode } from "react";

type Props = Pick<Dialog.Popup.Props, "ref" | "initialFocus"> & {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
};

/** What a dialog stands in: a panel over the shaded page, on a phone a sheet from below. */
export function DialogFrame({ isOpen, onClose, ...popup }: Props) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(opens) => !opens && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-(--shade) transition-opacity duration-150 data-[ending-style]:opacity-0 data-[starting-style]:opacity-0" />
        <Dialog.Popup
          {...popup}
          className="fixed inset-x-0 bottom-0 z-50 mx-auto flex max-h-[92dvh] w-full flex-col rounded-t-panel border border-line bg-raised shadow-overlay transition-all duration-150 outline-none data-[ending-style]:opacity-0 data-[starting-style]:translate-y-2 data-[starting-style]:opacity-0 sm:top-[8dvh] sm:bottom-auto sm:max-h-[84dvh] sm:max-w-[600px] sm:rounded-panel"
        />
      </Dialog.Portal>
    </Dialog.Root>
  );
}
