"use client";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";
import { TaskInstanceService } from "@millrace/wire/v1";
import type { DagRun } from "@millrace/wire/v1";
import { Button } from "../../../../../components/button.tsx";
import { Empty, Unanswered } from "../../../../../components/faces.tsx";
import { Pager } from "../../../../../components/pager.tsx";
import type { Choosing } from "../../../../../lib/choosing.ts";
import { looksOfCounts } from "../../../../../lib/counts.ts";
import type { StateCountLike } from "../../../../../lib/counts.ts";
import { formatCount } from "../../../../../lib/format.ts";
import { isFinalTask, taskFace } from "../../../../../lib/states.ts";
import type { Look } from "../../../../../lib/states.ts";
import { useOnChange } from "../../../../../lib/use-on-change.ts";
import { usePages } from "../../../../../lib/use-pages.ts";
import { useUrlState } from "../../../../../lib/use-url-state.ts";
import { InstanceList } from "./instance-list.tsx";
import { LookFilter } from "./look-filter.tsx";

/** Instances on a page. However many there are, one page is read, and drawn. */
const pageSize = 100;
const pollMs = 2_000;

type Props = {
  readonly run: DagRun;
  readonly taskId: string;
  /** How many of its instances are in which state. */
  readonly counts: readonly StateCountLike[];
  readonly choosing: Choosing;
};

/** The instances of a mapped task, a page at a time, with those of one state only when that is asked for. */
export function InstancesTab({ run, taskId, counts, choosing }: Props) {
  const [params, setParams] = useUrlState();
  const look = params.get("istate") as Look | null;
  const looks = looksOfCounts(counts);
  const isThere = looks.some((one) => one.look === look);
  const states = counts
    .filter(({ state, count }) => isThere && count > 0 && taskFace(state).look === look)
    .map(({ state }) => state)
    .sort((a, b) => a - b);
  const pages = usePages(`${run.runId}/${taskId}/${states.join(",")}`);
  const request = { runId: run.runId, taskId, states, pageSize, pageToken: pages.token };
  const isMoving = counts.some(({ state, count }) => count > 0 && !isFinalTask(state));
  const query = useQuery(TaskInstanceService.method.listTaskInstances, request, {
    // The page may know of a moment that the run's numbers have passed already.
    refetchInterval: ({ state: { data } }) => {
      const isOpen = data?.taskInstances.some(({ state }) => !isFinalTask(state));
      return isMoving || isOpen === true ? pollMs : false;
    },
    placeholderData: keepPreviousData,
  });
  const { refetch } = query;
  // The last word about a page that has come to rest.
  useOnChange(String(isMoving), refetch);
  const open = (mapIndex: number) =>
    setParams({ map: String(mapIndex), tab: null, try: null }, { isStep: true });
  const rows = query.data?.taskInstances ?? [];
  const next = query.data?.nextPageToken ?? "";
  const [first, last] = [rows[0]?.mapIndex, rows.at(-1)?.mapIndex];
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-x-2 border-b border-line pr-4">
        <LookFilter
          counts={looks}
          chosen={isThere ? look : null}
          label="Show instances by state"
          className="px-4 py-2"
          onChoose={(chosen) => setParams({ istate: chosen })}
        />
        <GoTo onGo={open} />
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto" data-testid="instances">
        {query.data === undefined ? (
          <Unanswered query={query} what="The instances could not be read" rows={8} />
        ) : rows.length === 0 ? (
          <Empty title="No instance is in this state" />
        ) : (
          <InstanceList
            taskId={taskId}
            rows={rows}
            isOld={query.isPlaceholderData}
            choosing={choosing}
            onOpen={open}
          />
        )}
      </div>
      <Pager
        label="Pages of instances"
        pages={pages}
        next={next}
        isOld={query.isPlaceholderData}
        className="border-t border-line px-4 py-1.5"
      >
        {first === undefined || last === undefined
          ? ""
          : `Index ${formatCount(first)} to ${formatCount(last)}`}
      </Pager>
    </>
  );
}

function GoTo({ onGo }: { readonly onGo: (mapIndex: number) => void }) {
  const [text, setText] = useState("");
  const isIndex = /^\d{1,9}$/.test(text);
  return (
    <form
      className="flex items-center gap-1.5"
      onSubmit={(event) => {
        event.preventDefault();
        if (isIndex) onGo(Number(text));
      }}
    >
      <input
        aria-label="Go to the instance with this index"
        placeholder="Index"
        inputMode="numeric"
        value={text}
        onChange={(event) => setText(event.target.value.trim())}
        className="h-7 w-20 rounded-control border border-line bg-bg px-2"
      />
      <Button type="submit" disabled={!isIndex}>
        Open
      </Button>
    </form>
  );
}
