import { FailureKind } from "@millrace/wire/v1";
import type { Failure } from "@millrace/wire/v1";
import { CopyButton } from "./copy-command.tsx";

const kinds: ReadonlyMap<FailureKind, string> = new Map([
  [FailureKind.APPLICATION, "Its code threw"],
  [FailureKind.TIMEOUT, "The execution timeout passed"],
  [FailureKind.CANCELLED, "Cancelled"],
  [FailureKind.LOST, "The worker was lost"],
  [FailureKind.EXITED, "The process ended"],
  [FailureKind.SETUP, "The worker could not prepare it"],
]);

/** Why an attempt did not succeed: kind, message, and the stack when asked for. */
export function FailureBox({ failure }: { readonly failure: Failure }) {
  const kind = kinds.get(failure.kind) ?? "It failed";
  const text = [failure.type, failure.message].filter(Boolean).join(": ");
  return (
    <div className="space-y-1.5 rounded-control border border-danger/35 bg-danger/5 p-2.5">
      <div className="flex items-center gap-2 text-label text-muted">
        <span className="flex-1">
          {kind}
          {!failure.retryable &&
            failure.kind === FailureKind.APPLICATION &&
            ", and asked not to be retried"}
        </span>
        <CopyButton text={failure.stack === "" ? text : failure.stack} label="Copy the failure" />
      </div>
      <p className="font-mono text-dense break-words whitespace-pre-wrap text-danger">{text}</p>
      {failure.stack !== "" && (
        <details>
          <summary className="w-fit text-dense text-muted hover:text-text">Stack</summary>
          <pre className="mt-1.5 max-h-80 overflow-auto font-mono text-label leading-4 text-muted">
            {failure.stack}
          </pre>
        </details>
      )}
    </div>
  );
}
