"use client";
import { useQuery } from "@connectrpc/connect-query";
import { SystemService } from "@millrace/wire/v1";
import type { Worker } from "@millrace/wire/v1";
import { CopyCommand } from "../../../../components/copy-command.tsx";
import { Empty, ErrorFace, SkeletonRows } from "../../../../components/faces.tsx";
import { pollMs } from "../../../../components/providers.tsx";
import { Time } from "../../../../components/time.tsx";
import { TopBar } from "../../../../components/top-bar.tsx";
import { formatCount, msOf, plural } from "../../../../lib/format.ts";
import { HealthStrip } from "./health-strip.tsx";

/** The live sessions: who can run what, and how busy they are. */
export function WorkerList() {
  const query = useQuery(
    SystemService.method.listWorkers,
    { pageSize: 500 },
    { refetchInterval: pollMs },
  );
  const workers = query.data?.workers ?? [];
  const triggerers = workers.filter(isTriggerer);
  const others = workers.filter((worker) => !isTriggerer(worker));
  return (
    <>
      <TopBar crumbs={[{ label: "Workers" }]} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto max-w-[1600px] space-y-4 px-4 py-5 md:px-6">
          <div className="flex flex-wrap items-baseline gap-x-3">
            <h1 className="text-title font-semibold tracking-tight">Workers</h1>
            {query.data !== undefined && (
              <p className="text-muted">
                {plural(others.length, "session")}, {useOf(others)} in use
                {triggerers.length > 0 &&
                  ` · ${plural(triggerers.length, "triggerer")}, ${useOf(triggerers)} in use`}
              </p>
            )}
          </div>
          <HealthStrip />
          <section
            aria-label="List of workers"
            className="overflow-x-auto rounded-panel border border-line"
          >
            {query.isPending ? (
              <SkeletonRows rows={4} />
            ) : query.isError && query.data === undefined ? (
              <ErrorFace
                error={query.error}
                what="The workers could not be read"
                onRetry={() => void query.refetch()}
              />
            ) : workers.length === 0 ? (
              <Empty title="No worker is connected">
                <p>Runs wait until one is. Start one with:</p>
                <CopyCommand command="npx millrace worker ./dags" />
              </Empty>
            ) : (
              <Table workers={workers} />
            )}
          </section>
        </div>
      </div>
    </>
  );
}

/** It runs no bodies: it watches on behalf of tasks that gave their slot back. */
function isTriggerer({ handlers }: Worker): boolean {
  return handlers.length > 0 && handlers.every((handler) => handler.startsWith("trigger/"));
}

function useOf(workers: readonly Worker[]): string {
  const running = workers.reduce((sum, worker) => sum + worker.running, 0);
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  return `${formatCount(running)} of ${plural(slots, "slot")}`;
}

const head = "px-3 py-2 text-left text-label font-medium text-muted";

function Table({ workers }: { readonly workers: readonly Worker[] }) {
  return (
    <table className="w-full min-w-[640px] border-collapse">
      <thead>
        <tr className="border-b border-line bg-surface">
          <th className={head}>Worker</th>
          <th className={`${head} w-44`}>Slots</th>
          <th className={head}>Queues</th>
          <th className={head}>Handlers</th>
          <th className={head}>SDK</th>
          <th className={head}>Since</th>
          <th className={head}>Renewed</th>
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {workers.map((worker) => (
          <tr key={worker.sessionId} className="hover:bg-hover">
            <td className="px-3 py-2">
              <p className="flex items-center gap-2 font-medium whitespace-nowrap">
                {worker.name}
                {isTriggerer(worker) && (
                  <span
                    title="Watches on behalf of tasks that gave their slot back"
                    className="rounded-cell border border-line-strong/50 px-1 text-label leading-[15px] font-normal text-muted"
                  >
                    triggerer
                  </span>
                )}
              </p>
              <p className="font-mono text-label text-muted" title={`Session ${worker.sessionId}`}>
                {worker.node}
              </p>
            </td>
            <td className="px-3 py-2">
              <Slots slots={worker.slots} running={worker.running} />
            </td>
            <td className="px-3 py-2">{worker.queues.join(", ")}</td>
            <td
              className="max-w-60 truncate px-3 py-2 text-muted"
              title={worker.handlers.join(", ")}
            >
              {worker.handlers.join(", ") || "bundles"}
            </td>
            <td className="px-3 py-2 text-muted">{worker.sdk}</td>
            <td className="px-3 py-2 text-muted">
              <Time at={msOf(worker.startedAt)} />
            </td>
            <td className="px-3 py-2 text-muted">
              <Time at={msOf(worker.renewedAt)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Slots({ slots, running }: { readonly slots: number; readonly running: number }) {
  return (
    <div className="flex items-center gap-2">
      <meter
        min={0}
        max={Math.max(1, slots)}
        value={running}
        aria-label="Slots in use"
        className="slot-meter h-1.5 w-20"
      />
      <span className="whitespace-nowrap">
        {formatCount(running)} / {formatCount(slots)}
      </span>
    </div>
  );
}
