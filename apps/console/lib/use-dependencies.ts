"use client";
/** The arrows between DAGs, all pages of them up to what can be drawn. */
import { useTransport } from "@connectrpc/connect-query";
import { createClient } from "@connectrpc/connect";
import { useQuery } from "@tanstack/react-query";
import { DependencyService, type DagDependency } from "@millrace/wire/v1";

/** Arrows that are read; a picture of more says nothing. */
const readMax = 5_000;
const pageSize = 1_000;

export type Dependencies = {
  readonly dependencies: readonly DagDependency[];
  readonly isCut: boolean;
};

/** @param dagId of all DAGs when empty. */
export function useDependencies(dagId: string, levels: number) {
  const transport = useTransport();
  return useQuery({
    queryKey: ["dependencies", dagId, levels],
    async queryFn({ signal }): Promise<Dependencies> {
      const client = createClient(DependencyService, transport);
      const dependencies: DagDependency[] = [];
      let pageToken = "";
      do {
        const asked = { dagId, levels: dagId === "" ? 0 : levels, pageSize, pageToken };
        const page = await client.listDagDependencies(asked, { signal });
        dependencies.push(...page.dependencies);
        pageToken = page.nextPageToken;
      } while (pageToken !== "" && dependencies.length < readMax);
      return { dependencies, isCut: pageToken !== "" };
    },
    staleTime: 10_000,
  });
}
