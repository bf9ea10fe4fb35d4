"use client";
import { Check, Copy } from "lucide-react";
import { useState } from "react";

const shownMs = 1_500;

/** A command to run elsewhere, with a button that copies it. */
export function CopyCommand({ command }: { readonly command: string }) {
  return (
    <span className="inline-flex items-center gap-1 rounded-control border border-line bg-surface py-1 pr-1 pl-2.5">
      <code className="font-mono text-dense text-text">{command}</code>
      <CopyButton text={command} label={`Copy ${command}`} />
    </span>
  );
}

type CopyProps = { readonly text: string; readonly label: string; readonly size?: number };

export function CopyButton({ text, label, size = 13 }: CopyProps) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), shownMs);
  };
  return (
    <button
      type="button"
      aria-label={isCopied ? "Copied" : label}
      title={label}
      onClick={() => void copy()}
      className="ghost-transition inline-grid size-6 shrink-0 place-items-center rounded-control text-muted hover:bg-hover hover:text-text"
    >
      {isCopied ? <Check size={size} aria-hidden /> : <Copy size={size} aria-hidden />}
    </button>
  );
}
