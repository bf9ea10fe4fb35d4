/** Callbacks in words. */
import { CallbackEvent, DeliveryState } from "@millrace/wire/v1";
import type { CallbackDelivery } from "@millrace/wire/v1";
import type { StateFace } from "./states.ts";

const events: ReadonlyMap<CallbackEvent, string> = new Map([
  [CallbackEvent.SUCCESS, "Success"],
  [CallbackEvent.FAILURE, "Failure"],
  [CallbackEvent.RETRY, "Retry"],
  [CallbackEvent.SKIPPED, "Skipped"],
  [CallbackEvent.DEADLINE_MISSED, "Deadline missed"],
  [CallbackEvent.DEADLINE_AT_RISK, "Deadline at risk"],
]);

/** What it is about. A newer server may know events that this console does not. */
export function eventWord(event: CallbackEvent): string {
  return events.get(event) ?? "Event";
}

/** A pending one that has failed before waits for its next try. */
export function deliveryFace({ state, tries }: CallbackDelivery): StateFace {
  if (state === DeliveryState.DELIVERED) return { look: "success", label: "Delivered" };
  if (state === DeliveryState.FAILED) return { look: "failed", label: "Given up" };
  return tries > 0
    ? { look: "retry_wait", label: "Tried in vain" }
    : { look: "queued", label: "Pending" };
}

export function isPending({ state }: CallbackDelivery): boolean {
  return state === DeliveryState.PENDING;
}
