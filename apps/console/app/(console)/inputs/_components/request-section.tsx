"use client";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { TaskInstanceService } from "@millrace/wire/v1";
import type { InputState } from "@millrace/wire/v1";
import { Unanswered } from "../../../../components/faces.tsx";
import { Pager } from "../../../../components/pager.tsx";
import { pollMs } from "../../../../components/providers.tsx";
import { plural } from "../../../../lib/format.ts";
import { usePages } from "../../../../lib/use-pages.ts";
import { RequestTable } from "./request-table.tsx";

const pageSize = 25;

type Props = {
  /** Empty for a list that needs none. */
  readonly title: string;
  readonly states: readonly InputState[];
  readonly dagId: string;
  readonly runId: string;
  /** As the address names it; null when none is open. */
  readonly selected: string | null;
  readonly onSelect: (key: string) => void;
  /** What is said when there are none. */
  readonly children: ReactNode;
};

/** Questions in some states, newest first, page by page. */
export function RequestSection(props: Props) {
  const { title, states, dagId, runId, selected, onSelect, children } = props;
  const pages = usePages(`${states.join(",")}/${dagId}/${runId}`);
  const query = useQuery(
    TaskInstanceService.method.listInputRequests,
    { states: [...states], dagId, runId, pageSize, pageToken: pages.token },
    { refetchInterval: pollMs, placeholderData: keepPreviousData },
  );
  const requests = query.data?.inputRequests ?? [];
  const next = query.data?.nextPageToken ?? "";
  return (
    <section aria-label={title || "Questions"} className="space-y-1.5">
      {title !== "" && <h2 className="text-dense font-medium text-muted">{title}</h2>}
      <div className="@container overflow-hidden rounded-panel border border-line">
        {query.data === undefined ? (
          <Unanswered query={query} what="The questions could not be read" rows={3} />
        ) : requests.length === 0 ? (
          children
        ) : (
          <RequestTable
            requests={requests}
            isOld={query.isPlaceholderData}
            selected={selected}
            onSelect={onSelect}
          />
        )}
      </div>
      {(next !== "" || pages.number > 1) && (
        <Pager
          label={`Pages of ${title === "" ? "questions" : `questions, ${title.toLowerCase()}`}`}
          pages={pages}
          next={next}
          isOld={query.isPlaceholderData}
          className="py-1"
        >
          {plural(requests.length, "question")} on this page
        </Pager>
      )}
    </section>
  );
}
