"use client";
import { CircleAlert, RefreshCw, SearchX } from "lucide-react";
import type { ReactNode } from "react";
import { callFailure } from "../lib/failures.ts";
import { Button } from "./button.tsx";

type EmptyProps = {
  readonly title: string;
  readonly children?: ReactNode;
  readonly icon?: ReactNode;
};

/** There is nothing here, and what to do about it. */
export function Empty({ title, children, icon }: EmptyProps) {
  return (
    <div className="grid place-items-center px-6 py-14 text-center">
      <div className="max-w-md space-y-2">
        <div className="mx-auto grid size-9 place-items-center rounded-panel border border-line text-muted">
          {icon ?? <SearchX size={18} aria-hidden />}
        </div>
        <p className="text-section font-medium">{title}</p>
        <div className="space-y-3 text-muted">{children}</div>
      </div>
    </div>
  );
}

type ErrorProps = { readonly error: unknown; readonly what: string; readonly onRetry?: () => void };

/** Something failed: what, why, and a way to go on. */
export function ErrorFace({ error, what, onRetry }: ErrorProps) {
  const failure = callFailure(error);
  return (
    <div role="alert" className="grid place-items-center px-6 py-14 text-center">
      <div className="max-w-lg space-y-2">
        <CircleAlert size={22} aria-hidden className="mx-auto text-danger" />
        <p className="text-section font-medium">{what}</p>
        <p className="break-words text-muted">{failure.message}</p>
        {failure.reason !== "" && (
          <p className="font-mono text-label text-muted">{failure.reason}</p>
        )}
        {onRetry !== undefined && failure.canRetry && (
          <Button onClick={onRetry}>
            <RefreshCw size={14} aria-hidden /> Try again
          </Button>
        )}
      </div>
    </div>
  );
}

type SkeletonProps = { readonly rows: number; readonly rowClassName?: string };

/** Rows of the real layout's height, shown only when the answer takes its time. */
export function SkeletonRows({ rows, rowClassName = "h-9" }: SkeletonProps) {
  return (
    <div role="status" aria-label="Loading" className="space-y-px">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={`flex items-center gap-4 px-3 ${rowClassName}`}>
          <span className="skeleton h-3 w-1/4" />
          <span className="skeleton h-3 w-1/3" />
          <span className="skeleton ml-auto h-3 w-16" />
        </div>
      ))}
    </div>
  );
}

type UnansweredProps = SkeletonProps & {
  readonly query: {
    readonly isError: boolean;
    readonly error: unknown;
    readonly refetch: () => unknown;
  };
  /** Said when it fails: "The graph could not be read". */
  readonly what: string;
};

/** In the place of an answer that is not there yet, or cannot be had. */
export function Unanswered({ query, what, ...skeleton }: UnansweredProps) {
  return query.isError ? (
    <ErrorFace error={query.error} what={what} onRetry={() => void query.refetch()} />
  ) : (
    <SkeletonRows {...skeleton} />
  );
}

/** One line about a call that a control made, next to that control. */
export function CallError({ error }: { readonly error: unknown }) {
  if (error === null || error === undefined) return null;
  return (
    <p role="alert" className="flex items-start gap-1.5 text-dense text-danger">
      <CircleAlert size={14} aria-hidden className="mt-px shrink-0" />
      <span className="break-words">{callFailure(error).message}</span>
    </p>
  );
}
