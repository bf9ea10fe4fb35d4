"use client";
import { Eraser, Flag, X } from "lucide-react";
import { Button } from "../button.tsx";

type Props = {
  /** `3 task instances chosen`; empty hides the bar. */
  readonly words: string;
  readonly onClear: () => void;
  readonly onMark: () => void;
  readonly onNone: () => void;
};

/** What can be done with what is chosen. Stays at the lower edge of what it is about. */
export function ChangeBar({ words, onClear, onMark, onNone }: Props) {
  if (words === "") return null;
  return (
    <div
      role="toolbar"
      aria-label="What is chosen"
      className="sticky bottom-3 z-30 mx-auto flex w-fit max-w-[calc(100%-1.5rem)] flex-wrap items-center gap-2 rounded-panel border border-line bg-raised py-2 pr-2 pl-3.5 shadow-overlay"
    >
      <span role="status" className="mr-2 font-medium">
        {words}
      </span>
      <Button onClick={onClear}>
        <Eraser size={13} aria-hidden /> Clear…
      </Button>
      <Button onClick={onMark}>
        <Flag size={13} aria-hidden /> Mark…
      </Button>
      <Button tone="quiet" onClick={onNone} aria-label="Choose none">
        <X size={14} aria-hidden />
      </Button>
    </div>
  );
}
