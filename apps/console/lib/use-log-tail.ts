"use client";
import { useEffect, useRef, useState } from "react";
import type { LogLine } from "@millrace/wire/v1";
import { connection } from "./connection.ts";
import { follow, pause } from "./follow.ts";
import { frameBatch } from "./frame-batch.ts";
import { LogBuffer } from "./log-buffer.ts";
import { tasksClient } from "./transport.ts";
import { usePageVisible } from "./use-page-visible.ts";

type Options = {
  readonly runId: string;
  readonly taskId: string;
  /** Of an instance of a mapped task. */
  readonly mapIndex?: number;
  /** From 1. */
  readonly tryNumber: number;
  /** Whether lines may still come; a stream that ends before is opened again after the last line. */
  readonly isOpen: boolean;
};

/**
 * The log of one attempt, from its first line on, growing as lines come. The component that calls this is keyed by the
 * attempt: another attempt begins another buffer.
 */
export function useLogTail({ runId, taskId, mapIndex, tryNumber, isOpen }: Options): LogBuffer {
  const [buffer] = useState(() => new LogBuffer());
  const open = useRef(isOpen);
  useEffect(() => {
    open.current = isOpen;
  }, [isOpen]);
  const isVisible = usePageVisible();
  useEffect(() => {
    if (!isVisible) return undefined;
    const stop = new AbortController();
    const name = `logs:${runId}/${taskId}/${mapIndex ?? ""}/${tryNumber}`;
    const batch = frameBatch<readonly LogLine[]>((pages) => buffer.append(pages.flat()));
    void follow({
      open: (signal) =>
        tasksClient.tailLogs(
          {
            ...{ runId, taskId, tryNumber, afterSeq: buffer.lastSeq },
            ...(mapIndex === undefined ? {} : { mapIndex }),
          },
          { signal },
        ),
      onMessage: (message) => batch.add(message.lines),
      onPhase: (phase) => connection.stream(name, phase),
      isDone: () => !open.current,
      signal: stop.signal,
      pause,
    });
    return () => {
      stop.abort();
      batch.flush();
      connection.stream(name, null);
    };
  }, [buffer, runId, taskId, mapIndex, tryNumber, isVisible]);
  return buffer;
}
