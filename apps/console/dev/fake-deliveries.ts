/** Callbacks of a run of the test double: what happened, and how far telling somebody about it is. */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  CallbackDeliverySchema,
  DeliveryState,
  FailureKind,
  FailureSchema,
} from "@millrace/wire/v1";
import type {
  CallbackDelivery,
  CallbackEvent,
  DagSpec,
  TaskInstance,
  TaskSpec,
} from "@millrace/wire/v1";

const runMs = 700;
const triesMax = 5;
const firstPauseMs = 600_000;

type Subject = { readonly spec: TaskSpec; readonly instance: TaskInstance };

export class FakeDeliveries {
  /** Newest first. */
  readonly all: CallbackDelivery[] = [];
  readonly #runId: string;
  readonly #spec: DagSpec;

  constructor(runId: string, spec: DagSpec) {
    this.#runId = runId;
    this.#spec = spec;
  }

  /** `task` is null for what happened to the run. */
  happened(task: Subject | null, event: CallbackEvent, now: number): void {
    const callbacks = task === null ? this.#spec.callbacks : task.spec.callbacks;
    for (const { on, name } of callbacks) {
      if (on !== event) continue;
      this.all.unshift(
        create(CallbackDeliverySchema, {
          runId: this.#runId,
          taskId: task?.instance.taskId ?? "",
          mapIndex: -1,
          tryNumber: task?.instance.tryNumber ?? 1,
          event,
          name,
          state: DeliveryState.PENDING,
          happenedAt: timestampFromMs(now),
          nextTryAt: timestampFromMs(now + runMs),
        }),
      );
    }
  }

  tick(now: number): void {
    for (const delivery of this.all) {
      const { nextTryAt, state } = delivery;
      if (state !== DeliveryState.PENDING || nextTryAt === undefined) continue;
      if (now >= timestampMs(nextTryAt)) deliver(delivery, now);
    }
  }
}

/** The pager is never reached; everybody else at once. */
function deliver(delivery: CallbackDelivery, now: number): void {
  delivery.tries += 1;
  delete delivery.nextTryAt;
  if (delivery.name !== "pager") {
    delivery.state = DeliveryState.DELIVERED;
    delivery.endedAt = timestampFromMs(now);
    return;
  }
  delivery.failure = create(FailureSchema, {
    kind: FailureKind.APPLICATION,
    type: "HttpError",
    message: "POST https://pager.example.com/v2/enqueue answered 503 Service Unavailable.",
    stack: `HttpError: POST https://pager.example.com/v2/enqueue answered 503 Service Unavailable.
    at post (file:///bundles/3fa1c9/notify.js:18:9)
    at async pager (file:///bundles/3fa1c9/notify.js:31:3)`,
    retryable: true,
  });
  if (delivery.tries === triesMax) {
    delivery.state = DeliveryState.FAILED;
    delivery.endedAt = timestampFromMs(now);
    return;
  }
  delivery.nextTryAt = timestampFromMs(now + firstPauseMs * 2 ** (delivery.tries - 1));
}
