"use client";
import type { CallbackDelivery } from "@millrace/wire/v1";
import { deliveryFace, eventWord, isPending } from "../../lib/deliveries.ts";
import { formatCount, msOf } from "../../lib/format.ts";
import { FailureBox } from "../failure-box.tsx";
import { StateBadge } from "../state-glyph.tsx";
import { Countdown, Time } from "../time.tsx";

type Props = {
  readonly deliveries: readonly CallbackDelivery[];
  /** Where they are of more than one task: who each is about. */
  readonly onTask?: (taskId: string) => void;
};

/** Callbacks that ran or are to run: what about, to whom, how far, and why not. */
export function DeliveryList({ deliveries, onTask }: Props) {
  return (
    <ol className="divide-y divide-line" data-testid="deliveries">
      {deliveries.map((delivery) => (
        <li key={keyOf(delivery)} data-delivery={delivery.name} className="space-y-2 py-2.5">
          <Summary delivery={delivery} onTask={onTask} />
          {delivery.failure !== undefined && <FailureBox failure={delivery.failure} />}
        </li>
      ))}
    </ol>
  );
}

type SummaryProps = {
  readonly delivery: CallbackDelivery;
  readonly onTask: Props["onTask"];
};

function Summary({ delivery, onTask }: SummaryProps) {
  const { taskId, mapIndex, tryNumber, tries } = delivery;
  const nextTryAt = msOf(delivery.nextTryAt);
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
      <span className="flex min-w-0 items-baseline gap-1.5 font-medium">
        <span className="break-all">{delivery.name}</span>
        <span className="text-dense font-normal whitespace-nowrap text-muted">
          on {eventWord(delivery.event).toLowerCase()}
        </span>
      </span>
      <StateBadge face={deliveryFace(delivery)} size={16} className="text-dense" />
      <span className="flex flex-wrap gap-x-3 text-dense text-muted">
        {onTask !== undefined && (
          <span>
            {taskId === "" ? (
              "the run"
            ) : (
              <button
                type="button"
                onClick={() => onTask(taskId)}
                className="break-all text-text hover:text-accent hover:underline"
              >
                {taskId}
                {mapIndex >= 0 && ` [${mapIndex}]`}
              </button>
            )}
          </span>
        )}
        {taskId !== "" && <span>attempt {tryNumber}</span>}
        <span>
          happened <Time at={msOf(delivery.happenedAt)} />
        </span>
        {tries > 0 && <span>{tries === 1 ? "1 try" : `${formatCount(tries)} tries`}</span>}
        {isPending(delivery) && tries > 0 && nextTryAt !== null && (
          <span>
            next <Countdown at={nextTryAt} />
          </span>
        )}
      </span>
    </div>
  );
}

function keyOf({ taskId, mapIndex, tryNumber, event, name, happenedAt }: CallbackDelivery): string {
  return [taskId, mapIndex, tryNumber, event, name, msOf(happenedAt)].join("/");
}
