import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { SubmitErrors } from "./form/submit-errors.tsx";

type Props = {
  readonly onSubmit: () => void;
  readonly onCancel: () => void;
  /** The button that sends it. */
  readonly submit: ReactNode;
  /** Of the last call. */
  readonly error: unknown;
  /** How many fields are marked as wrong. */
  readonly marked: number;
  readonly children: ReactNode;
};

/** A form that fills a dialog: its fields scroll, what was refused and the buttons stay below them. */
export function DialogForm({ onSubmit, onCancel, submit, error, marked, children }: Props) {
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
      className="flex min-h-0 flex-1 flex-col"
    >
      <div className="min-h-0 flex-1 space-y-4 overflow-y-auto px-5 py-4">{children}</div>
      <div className="flex items-center gap-3 border-t border-line px-5 py-3">
        <div className="min-w-0 flex-1">
          <SubmitErrors error={error} marked={marked} />
        </div>
        <Button onClick={onCancel}>Cancel</Button>
        {submit}
      </div>
    </form>
  );
}
