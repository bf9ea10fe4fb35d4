"use client";
import { useQueryClient } from "@tanstack/react-query";
import { useLiveStatus } from "../lib/connection.ts";
import { formatRelative } from "../lib/format.ts";
import { useNow } from "../lib/use-now.ts";

const faces = {
  live: { dot: "bg-(--state-success)", title: "Changes arrive as they happen." },
  catching_up: { dot: "bg-(--state-retry)", title: "Reconnecting; what was missed comes first." },
  polling: { dot: "bg-(--state-waiting)", title: "This page asks again every few seconds." },
  offline: { dot: "bg-(--state-failed)", title: "The server cannot be reached; trying again." },
} as const;

/** Says how fresh the page is. A click asks for everything on it again. */
export function LiveChip() {
  const status = useLiveStatus();
  const queryClient = useQueryClient();
  const now = useNow();
  const face = faces[status.kind];
  return (
    <button
      type="button"
      data-testid="live-chip"
      data-status={status.kind}
      title={`${face.title} Click to refresh now.`}
      onClick={() => void queryClient.invalidateQueries()}
      className="ghost-transition inline-flex h-7 items-center gap-1.5 rounded-full border border-line px-2.5 text-dense whitespace-nowrap hover:bg-hover"
    >
      <span
        aria-hidden
        className={`size-2 rounded-full ${face.dot} ${status.kind === "offline" ? "rounded-none" : ""}`}
      />
      <span role="status">{labels[status.kind]}</span>
      {status.kind === "offline" && now > 0 && (
        <span className="text-muted">data from {formatRelative(status.since, now)}</span>
      )}
    </button>
  );
}

const labels = {
  live: "Live",
  catching_up: "Catching up",
  polling: "Polling",
  offline: "Offline",
} as const;
