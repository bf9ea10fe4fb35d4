"use client";
import { useQuery } from "@connectrpc/connect-query";
import { SystemService, TaskInstanceService } from "@millrace/wire/v1";
import { inputStates } from "../../lib/input-requests.ts";
import { pollMs } from "../providers.tsx";

/** Of one run, the server gives no more at once. */
const ofRunMax = 1_000;

/** More open ones are not counted: a badge need not say it, and every one comes with its form. */
const countedMax = 20;

/** Everything that a run asked, answered or not; asked for again while the page is looked at. */
export function useInputRequests(runId: string, { isWanted = true } = {}) {
  return useQuery(
    TaskInstanceService.method.listInputRequests,
    { runId, states: [...inputStates], pageSize: ofRunMax },
    { enabled: isWanted, refetchInterval: pollMs },
  );
}

/** How many wait for an answer, as a badge says it: "" for none, "20+" when there are more. */
export function useOpenInputs(): string {
  const { data } = useQuery(
    TaskInstanceService.method.listInputRequests,
    { pageSize: countedMax + 1 },
    { refetchInterval: pollMs },
  );
  const count = data?.inputRequests.length ?? 0;
  if (count === 0) return "";
  return count > countedMax ? `${countedMax}+` : String(count);
}

/** Who is looking, such as "admin"; null while that is not known. */
export function useCaller(): string | null {
  const { data } = useQuery(SystemService.method.whoAmI, {}, { staleTime: Infinity });
  return data?.name ?? null;
}
