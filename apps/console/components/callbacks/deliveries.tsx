"use client";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { TaskInstanceService } from "@millrace/wire/v1";
import { isPending } from "../../lib/deliveries.ts";
import { useOnChange } from "../../lib/use-on-change.ts";
import { usePages } from "../../lib/use-pages.ts";
import { Unanswered } from "../faces.tsx";
import { Pager } from "../pager.tsx";
import { pollMs } from "../providers.tsx";
import { DeliveryList } from "./delivery-list.tsx";

const pageSize = 50;

type Props = {
  readonly runId: string;
  /** Only of this task; left out, all of the run, its own included. */
  readonly taskId?: string;
  /** Of a mapped task, only of this instance. */
  readonly mapIndex?: number;
  readonly change: string;
  readonly onTask?: (taskId: string) => void;
};

/** Pages of callbacks, newest first. They are asked for again while any is on its way. */
export function Deliveries({ runId, taskId = "", mapIndex, change, onTask }: Props) {
  const pages = usePages(`${runId}/${taskId}`);
  const query = useQuery(
    TaskInstanceService.method.listCallbackDeliveries,
    { runId, taskId, pageSize, pageToken: pages.token },
    {
      refetchInterval: ({ state: { data } }) =>
        data?.deliveries.some(isPending) === true ? pollMs : false,
      placeholderData: keepPreviousData,
    },
  );
  const { refetch } = query;
  useOnChange(change, refetch);
  if (query.data === undefined) {
    return <Unanswered query={query} what="The callbacks could not be read" rows={3} />;
  }
  const shown = query.data.deliveries.filter(
    (one) => mapIndex === undefined || one.mapIndex === mapIndex,
  );
  const next = query.data.nextPageToken;
  return (
    <>
      {shown.length === 0 ? (
        <p className="py-2 text-muted">None so far: they run when what they are for happens.</p>
      ) : (
        <DeliveryList deliveries={shown} {...(onTask === undefined ? {} : { onTask })} />
      )}
      {(next !== "" || pages.number > 1) && (
        <Pager
          label="Pages of callbacks"
          pages={pages}
          next={next}
          isOld={query.isPlaceholderData}
        />
      )}
    </>
  );
}
