import { X } from "lucide-react";

type Props = {
  /** What it closes, as its name says it: "the details". */
  readonly what: string;
  readonly onClose: () => void;
};

/** The cross of a panel that Escape closes too. */
export function CloseButton({ what, onClose }: Props) {
  return (
    <button
      type="button"
      aria-label={`Close ${what} (Esc)`}
      title="Close (Esc)"
      onClick={onClose}
      className="ghost-transition grid size-8 place-items-center rounded-control text-muted hover:bg-hover hover:text-text"
    >
      <X size={17} aria-hidden />
    </button>
  );
}
