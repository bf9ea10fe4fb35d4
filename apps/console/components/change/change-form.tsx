"use client";
import { useState } from "react";
import { actionText, firstOptions } from "../../lib/changes.ts";
import type { Change, ChangeOptions } from "../../lib/changes.ts";
import { formatCount, plural } from "../../lib/format.ts";
import { Button } from "../button.tsx";
import { CallError } from "../faces.tsx";
import { ChangeOptionsFields } from "./change-options.tsx";
import { ChangePreview } from "./change-preview.tsx";
import { useChange } from "./use-change.ts";

type Props = {
  readonly change: Change;
  readonly onClose: () => void;
  readonly onDone: (message: string) => void;
};

/** Options, what would change with them, and the button that does it. */
export function ChangeForm({ change, onClose, onDone }: Props) {
  const [options, setOptions] = useState<ChangeOptions>(() => firstOptions(change));
  const { preview, apply } = useChange(change, options, (count) => {
    const verb = change.kind === "clear" ? "cleared" : "marked or cleared";
    onDone(`${plural(count, "task instance")} ${verb}.`);
  });
  const count = preview.data?.affectedCount ?? null;
  const isKnown = preview.data !== undefined && !preview.isPlaceholderData && !preview.isError;
  const implied = preview.data?.affected.filter((one) => one.isImplied).length ?? 0;
  // What a mark entails is cleared, not marked.
  const named = count === null || change.kind === "clear" ? count : count - implied;
  return (
    <form
      className="flex min-h-0 flex-1 flex-col"
      onSubmit={(event) => {
        event.preventDefault();
        apply.mutate();
      }}
    >
      <ChangeOptionsFields change={change} options={options} onChange={setOptions} />
      <section
        aria-label="What would change"
        aria-busy={!isKnown}
        className="flex min-h-24 flex-1 flex-col overflow-hidden border-t border-line"
      >
        <p
          aria-live="polite"
          data-testid="change-count"
          className="flex items-baseline gap-2 px-5 pt-3 pb-1.5"
        >
          {preview.isError ? (
            "It is not known what would change."
          ) : count === null ? (
            "Looking at what would change…"
          ) : count === 0 ? (
            "Nothing would change."
          ) : (
            <>
              <span className="font-medium">{plural(count, "task instance")} would change</span>
              {implied > 0 && (
                <span className="text-dense text-muted">
                  {formatCount(implied)} of them {implied === 1 ? "goes" : "go"} with the others
                </span>
              )}
            </>
          )}
        </p>
        {preview.data !== undefined && !preview.isError && (
          <ChangePreview
            change={change}
            options={options}
            answer={preview.data}
            isOld={preview.isPlaceholderData}
          />
        )}
      </section>
      <div className="space-y-2 border-t border-line px-5 py-3">
        <CallError error={preview.error ?? apply.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button
            type="submit"
            tone="primary"
            disabled={!isKnown || count === 0 || apply.isPending}
          >
            {apply.isPending ? "Working…" : actionText(change, options, isKnown ? named : null)}
          </Button>
        </div>
      </div>
    </form>
  );
}
