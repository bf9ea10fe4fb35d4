"use client";
import Link from "next/link";
import type { AssetEvent } from "@millrace/wire/v1";
import { assetHref, makerOf } from "../../lib/assets.ts";
import { decodeValue } from "../../lib/codec.ts";
import { msOf } from "../../lib/format.ts";
import { Time } from "../time.tsx";
import { ValueTree } from "../value-tree.tsx";

type Props = {
  readonly events: readonly AssetEvent[];
  /** Whether each says which asset it is of. */
  readonly hasAssets?: boolean;
};

/** Events of assets: when, who made them, what they say, and the runs that they made. */
export function EventTable({ events, hasAssets = false }: Props) {
  const hasKeys = events.some((event) => event.partitionKey !== "");
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-left text-dense">
        <thead className="text-label text-muted">
          <tr>
            <th className="px-3 py-1.5 font-medium">When</th>
            {hasAssets && <th className="px-3 py-1.5 font-medium">Asset</th>}
            {hasKeys && <th className="px-3 py-1.5 font-medium">Partition</th>}
            <th className="px-3 py-1.5 font-medium">Made by</th>
            <th className="px-3 py-1.5 font-medium">Says</th>
            <th className="px-3 py-1.5 font-medium">Runs made of it</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <tr key={String(event.eventId)} className="border-t border-line align-top">
              <td className="px-3 py-2">
                <Time at={msOf(event.at)} />
              </td>
              {hasAssets && (
                <td className="max-w-72 px-3 py-2 break-all">
                  <Link href={assetHref(event.uri)} className="text-accent hover:underline">
                    {event.name}
                  </Link>
                </td>
              )}
              {hasKeys && (
                <td className="max-w-60 px-3 py-2 font-mono break-all">
                  {event.partitionKey || <span className="text-muted">–</span>}
                </td>
              )}
              <td className="px-3 py-2">
                <Maker event={event} />
              </td>
              <td className="max-w-96 px-3 py-2">
                {event.extra === undefined ? (
                  <span className="text-muted">–</span>
                ) : (
                  <ValueTree node={decodeValue(event.extra.data)} />
                )}
              </td>
              <td className="px-3 py-2">
                <MadeRuns event={event} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Maker({ event }: { readonly event: AssetEvent }) {
  if (event.runId === "") return <>{makerOf(event)}</>;
  return (
    <Link
      href={`/runs/${event.runId}?task=${encodeURIComponent(event.taskId)}`}
      className="text-accent hover:underline"
    >
      {event.dagId}
      <span className="text-muted"> · </span>
      {makerOf(event)}
    </Link>
  );
}

function MadeRuns({ event: { madeRuns } }: { readonly event: AssetEvent }) {
  if (madeRuns.length === 0) return <span className="text-muted">none yet</span>;
  return (
    <ul className="space-y-0.5">
      {madeRuns.map(({ runId, runName, dagId }) => (
        <li key={runId}>
          <Link href={`/runs/${runId}`} title={runName} className="text-accent hover:underline">
            {dagId}
          </Link>
        </li>
      ))}
    </ul>
  );
}
