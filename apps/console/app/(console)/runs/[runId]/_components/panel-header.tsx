"use client";
import { Eraser, Flag } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "../../../../../components/button.tsx";
import { CloseButton } from "../../../../../components/close-button.tsx";
import { CopyButton } from "../../../../../components/copy-command.tsx";

type Props = {
  readonly title: string;
  /** The id to copy, and to show where the title cannot. */
  readonly taskId: string;
  /** Above the title: where one came from. */
  readonly above?: ReactNode;
  /** Below the title: the state. */
  readonly children: ReactNode;
  readonly onClear: () => void;
  readonly onMark: () => void;
  readonly onClose: () => void;
};

/** What the panel is about, and what can be done with it. */
export function PanelHeader(props: Props) {
  const { title, taskId, above, children, onClear, onMark, onClose } = props;
  return (
    <header className="flex items-start gap-2 px-4 pt-3 pb-1">
      <div className="min-w-0 flex-1">
        {above}
        <h2 className="flex items-center gap-1 text-section font-semibold">
          <span className="truncate" title={taskId}>
            {title}
          </span>
          <CopyButton text={taskId} label="Copy the task id" />
        </h2>
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">{children}</div>
      </div>
      <Button tone="small" className="mt-1" onClick={onClear}>
        <Eraser size={12} aria-hidden /> Clear…
      </Button>
      <Button tone="small" className="mt-1" onClick={onMark}>
        <Flag size={12} aria-hidden /> Mark…
      </Button>
      <CloseButton what="the details" onClose={onClose} />
    </header>
  );
}
