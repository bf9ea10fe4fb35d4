"use client";
import { useQuery } from "@connectrpc/connect-query";
import { SystemService, TaskInstanceService } from "@millrace/wire/v1";
import { inputStates } from "../../lib/input-requests.ts";
import { pollMs } from "../providers.tsx";

/** Of one run, the server gives no more at once. */
const ofRunMax = 1_000;

/** A badge has room for two digits. */
const shownMax = 99;

/** Everything that a run asked, answered or not; asked for again while the page is looked at. */
export function useInputRequests(runId: string, { isWanted = true } = {}) {
  return useQuery(
    TaskInstanceService.method.listInputRequests,
    { runId, states: [...inputStates], pageSize: ofRunMax },
    { enabled: isWanted, refetchInterval: pollMs },
  );
}

/** How many wait for an answer, as a badge says it: "" for none, "99+" when there are more. */
export function useOpenInputs(): string {
  const { data } = useQuery(
    TaskInstanceService.method.countInputRequests,
    {},
    { refetchInterval: pollMs },
  );
  const count = data?.openCount ?? 0;
  if (count === 0) return "";
  return count > shownMax ? `${shownMax}+` : String(count);
}

/** Who is looking, such as "admin"; null while that is not known. */
export function useCaller(): string | null {
  const { data } = useQuery(SystemService.method.whoAmI, {}, { staleTime: Infinity });
  return data?.name ?? null;
}
