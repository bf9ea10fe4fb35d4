"use client";
import { Check } from "lucide-react";
import { useEffect } from "react";

const shownMs = 6_000;

type Props = { readonly message: string | null; readonly onGone: () => void };

/** Says for a while what was done. */
export function Notice({ message, onGone }: Props) {
  useEffect(() => {
    if (message === null) return undefined;
    const timer = setTimeout(onGone, shownMs);
    return () => clearTimeout(timer);
  }, [message, onGone]);
  return (
    <div
      role="status"
      className="pointer-events-none fixed inset-x-0 top-14 z-50 flex justify-center"
    >
      {message !== null && (
        <p className="flex items-center gap-2 rounded-panel border border-line bg-raised px-3.5 py-2 shadow-overlay">
          <Check size={15} aria-hidden className="text-(--state-success)" />
          {message}
        </p>
      )}
    </div>
  );
}
