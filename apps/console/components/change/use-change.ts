"use client";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { forEachTarget, requestOf } from "../../lib/changes.ts";
import type { Affected, Change, ChangeOptions, ChangeTarget } from "../../lib/changes.ts";
import { newRequestId } from "../../lib/request-id.ts";
import { tasksClient } from "../../lib/transport.ts";

/** Runs go on while one thinks. */
const refreshMs = 4_000;

/** What a change would do, asked again whenever the options change; and the change itself. */
export function useChange(
  change: Change,
  options: ChangeOptions,
  onDone: (affectedCount: number) => void,
) {
  const queryClient = useQueryClient();
  const requests = change.targets.map((target) => requestOf(target, options));
  const preview = useQuery({
    queryKey: ["change-preview", change.kind, JSON.stringify(requests)],
    queryFn: ({ signal }) =>
      forEachTarget(change.targets, (target) => {
        const request = { ...requestOf(target, options), dryRun: true };
        return call(change, request, signal);
      }),
    placeholderData: keepPreviousData,
    refetchInterval: refreshMs,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
  const idOf = useRequestIds(change);
  const apply = useMutation({
    mutationFn: () =>
      forEachTarget(change.targets, (target) => {
        const request = requestOf(target, options);
        return call(change, { ...request, requestId: idOf(target, request) });
      }),
    onSuccess: ({ affectedCount }) => {
      onDone(affectedCount);
      return queryClient.invalidateQueries();
    },
  });
  return { preview, apply };
}

type Request = ReturnType<typeof requestOf> & { requestId?: string; dryRun?: boolean };

function call({ kind }: Change, request: Request, signal?: AbortSignal): Promise<Affected> {
  const { state, ...rest } = request;
  const options = signal === undefined ? {} : { signal };
  return kind === "clear"
    ? tasksClient.clearTaskInstances(rest, options)
    : tasksClient.markTaskInstances({ ...rest, state }, options);
}

/** A repeat of the same request reuses its id, so that it happens once; another request has another. */
function useRequestIds(change: Change) {
  const ids = useRef(new Map<string, string>());
  return (target: ChangeTarget, request: object): string => {
    const key = `${change.kind}/${target.runId}/${JSON.stringify(request)}`;
    const id = ids.current.get(key) ?? newRequestId();
    ids.current.set(key, id);
    return id;
  };
}
