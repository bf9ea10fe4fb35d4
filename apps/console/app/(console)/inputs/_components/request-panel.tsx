"use client";
import Link from "next/link";
import { CloseButton } from "../../../../components/close-button.tsx";
import { Empty, ErrorFace, SkeletonRows } from "../../../../components/faces.tsx";
import { InputPanel } from "../../../../components/input/input-panel.tsx";
import { useInputRequests } from "../../../../components/input/use-input-requests.ts";
import { callFailure } from "../../../../lib/failures.ts";
import { requestsOf } from "../../../../lib/input-requests.ts";
import type { InputKey } from "../../../../lib/input-requests.ts";

type Props = { readonly asked: InputKey; readonly onClose: () => void };

/** One question with its form, and the run that it belongs to. */
export function RequestPanel({ asked, onClose }: Props) {
  const { runId, taskId, mapIndex, tryNumber } = asked;
  const query = useInputRequests(runId);
  const requests = requestsOf(query.data?.inputRequests ?? [], asked);
  const request = requests.find((one) => one.tryNumber === tryNumber);
  const task = `${taskId}${mapIndex < 0 ? "" : ` [${mapIndex}]`}`;
  const place = `/runs/${runId}?task=${encodeURIComponent(taskId)}${mapIndex < 0 ? "" : `&map=${mapIndex}`}`;
  return (
    <>
      <header className="flex items-start gap-2 border-b border-line px-4 py-1.5">
        <div className="min-w-0 flex-1">
          <h2 className="font-medium break-all">
            <Link href={place} className="inline-block leading-6 hover:text-accent hover:underline">
              {task}
            </Link>
          </h2>
          {request !== undefined && (
            <p className="text-dense text-muted">
              <Link
                href={`/dags/${request.dagId}`}
                className="inline-block leading-6 hover:text-text hover:underline"
              >
                {request.dagId}
              </Link>{" "}
              ·{" "}
              <Link
                href={`/runs/${runId}`}
                className="inline-block leading-6 break-all hover:text-text hover:underline"
              >
                {request.runName}
              </Link>
            </p>
          )}
        </div>
        <CloseButton what="the question" onClose={onClose} />
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto p-4">
        {request !== undefined ? (
          <InputPanel
            request={request}
            earlier={requests.filter((one) => one.tryNumber < tryNumber)}
          />
        ) : query.isError && !callFailure(query.error).isNotFound ? (
          <ErrorFace
            error={query.error}
            what="The question could not be read"
            onRetry={() => void query.refetch()}
          />
        ) : query.isPending ? (
          <SkeletonRows rows={4} />
        ) : (
          <Empty title="There is no such question">
            <p>Its run may have been deleted.</p>
          </Empty>
        )}
      </div>
    </>
  );
}
