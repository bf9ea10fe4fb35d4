"use client";
import { CircleAlert, Eye } from "lucide-react";
import type { AssetWatcherState } from "@millrace/wire/v1";
import { Time } from "../../../../../components/time.tsx";
import { msOf } from "../../../../../lib/format.ts";

type Props = { readonly watchers: readonly AssetWatcherState[] };

/** What is watched on behalf of an asset, and how that goes. */
export function AssetWatchers({ watchers }: Props) {
  if (watchers.length === 0) return null;
  return (
    <section aria-labelledby="watchers" className="space-y-1.5">
      <h2 id="watchers" className="font-medium">
        Watched
      </h2>
      <ul className="divide-y divide-line rounded-panel border border-line">
        {watchers.map((watcher) => (
          <li
            key={`${watcher.handler} ${watcher.queue} ${watcher.summary}`}
            className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2"
          >
            <Eye size={15} aria-hidden className="text-muted" />
            <span className="break-all">{watcher.summary}</span>
            <span className="text-label text-muted">{watcher.handler}</span>
            <span className="ml-auto text-dense text-muted">
              {watcher.firedAt === undefined ? (
                "nothing seen yet"
              ) : (
                <>
                  last seen <Time at={msOf(watcher.firedAt)} />
                </>
              )}
            </span>
            <Trouble watcher={watcher} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Trouble({ watcher }: { readonly watcher: AssetWatcherState }) {
  const text =
    watcher.problem !== ""
      ? watcher.problem
      : watcher.hasTriggerer
        ? ""
        : `Nobody watches: no worker that serves the queue "${watcher.queue}" has the trigger "${watcher.handler}".`;
  if (text === "") return null;
  return (
    <p className="flex w-full items-start gap-1.5 text-dense text-danger">
      <CircleAlert size={14} aria-hidden className="mt-px shrink-0" />
      <span className="break-words">{text}</span>
    </p>
  );
}
