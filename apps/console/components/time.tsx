"use client";
import { formatDuration, formatInstant, formatIso, formatRelative } from "../lib/format.ts";
import { useNow } from "../lib/use-now.ts";

type TimeProps = {
  /** UTC milliseconds. */
  readonly at: number | null;
  readonly className?: string;
  /** Absolute with its zone instead of relative. */
  readonly isAbsolute?: boolean;
};

/** An instant that stays true: relative, with local time, UTC and epoch on hover. */
export function Time({ at, className = "", isAbsolute = false }: TimeProps) {
  const now = useNow();
  if (at === null) return <span className={`text-muted ${className}`}>–</span>;
  const iso = formatIso(at);
  if (now === 0) return <time dateTime={iso} className={className} />;
  const title = `${formatInstant(at)}\n${formatInstant(at, { zone: "UTC" })}\n${formatRelative(at, now)}\n${at} ms`;
  return (
    <time dateTime={iso} title={title} className={`whitespace-nowrap ${className}`}>
      {isAbsolute ? formatInstant(at) : formatRelative(at, now)}
    </time>
  );
}

type ElapsedProps = {
  readonly from: number | null;
  /** Null while it goes on: the span then grows by itself. */
  readonly to: number | null;
  readonly className?: string;
};

/** How long something took, or has taken so far. */
export function Elapsed({ from, to, className = "" }: ElapsedProps) {
  const now = useNow();
  if (from === null || (to === null && now === 0)) {
    return <span className={`text-muted ${className}`}>–</span>;
  }
  // A clock that ticks once a second shows whole seconds, or the last digit would jump.
  const span = to === null ? Math.floor((now - from) / 1_000) * 1_000 : to - from;
  return (
    <span className={`whitespace-nowrap ${className}`}>
      {to === null && span < 1_000 ? "0 s" : formatDuration(span).replace(/\.0 s$/, " s")}
    </span>
  );
}

type CountdownProps = { readonly at: number; readonly className?: string };

/** `in 12 s`, a second less each second; `now` once it is due. */
export function Countdown({ at, className = "" }: CountdownProps) {
  const now = useNow();
  const left = Math.max(0, Math.ceil((at - now) / 1_000) * 1_000);
  return (
    <span
      role="timer"
      data-countdown={now === 0 ? undefined : left / 1_000}
      title={formatInstant(at)}
      className={`whitespace-nowrap tabular-nums ${className}`}
    >
      {now === 0 ? "" : left === 0 ? "now" : `in ${formatDuration(left).replace(/\.0 s$/, " s")}`}
    </span>
  );
}
