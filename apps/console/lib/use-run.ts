"use client";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { WatchDagRunResponse } from "@millrace/wire/v1";
import { connection, useLiveStatus } from "./connection.ts";
import { follow, pause } from "./follow.ts";
import { frameBatch } from "./frame-batch.ts";
import { applyWatch, isSettled, newerOf, readRun } from "./run-live.ts";
import type { RunLive } from "./run-live.ts";
import { isFinalRun } from "./states.ts";
import { runsClient, tasksClient } from "./transport.ts";
import { usePageVisible } from "./use-page-visible.ts";

/** Only while no stream feeds the page. */
const pollMs = 10_000;

const reader = {
  getDagRun: runsClient.getDagRun,
  listTaskInstances: tasksClient.listTaskInstances,
};

/** A run that moves by itself: read once, then fed by its stream, batched per frame into the query cache. */
export function useRun(runId: string) {
  const queryClient = useQueryClient();
  const status = useLiveStatus();
  const query = useQuery({
    queryKey: runKey(runId),
    queryFn: async ({ signal }) => {
      const read = await readRun(reader, runId, signal);
      return newerOf(queryClient.getQueryData<RunLive>(runKey(runId)), read);
    },
    refetchInterval: ({ state }) =>
      isSettled(state.data) || status.kind === "live" ? false : pollMs,
    structuralSharing: false,
  });

  const isVisible = usePageVisible();
  const isFollowed = isVisible && query.data !== undefined && !isSettled(query.data);
  useEffect(() => {
    if (!isFollowed) return undefined;
    const stop = new AbortController();
    const name = `run:${runId}`;
    let isFinal = false;
    const batch = frameBatch<WatchDagRunResponse>((messages) =>
      queryClient.setQueryData<RunLive>(runKey(runId), (known) => applyWatch(known, messages)),
    );
    void follow({
      open: (signal) => runsClient.watchDagRun({ runId }, { signal }),
      onMessage: (message) => {
        isFinal = message.run !== undefined && isFinalRun(message.run.state);
        batch.add(message);
      },
      isDone: () => isFinal,
      onPhase: (phase) => connection.stream(name, phase),
      signal: stop.signal,
      pause,
    });
    return () => {
      stop.abort();
      batch.flush();
      connection.stream(name, null);
    };
  }, [runId, isFollowed, queryClient]);
  return query;
}

/** Under which a run is kept. */
export function runKey(runId: string) {
  return ["run-live", runId] as const;
}
