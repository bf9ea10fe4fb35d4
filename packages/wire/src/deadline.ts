/** A deadline on the wire and as the engine knows it. */

import { create } from "@bufbuild/protobuf";
import type { DeadlineReference, DeadlineSpec } from "@millrace/engine";
import { MillraceError } from "@millrace/engine";
import { specDefaults } from "./defaults.ts";
import type { DeadlineSpec as DeadlineSpecMessage } from "./gen/millrace/v1/deadline_pb.ts";
import {
  DeadlineReference as References,
  DeadlineSpecSchema,
} from "./gen/millrace/v1/deadline_pb.ts";
import { durationOf, epochMsOf, msOf, timestampOf } from "./time.ts";

const numbers = {
  logical_date: References.LOGICAL_DATE,
  queued_at: References.QUEUED_AT,
  fixed: References.FIXED,
  average_runtime: References.AVERAGE_RUNTIME,
} as const satisfies Record<DeadlineReference["kind"], References>;

export function deadlineToProto({ name, reference, intervalMs }: DeadlineSpec) {
  return create(DeadlineSpecSchema, {
    name,
    reference: numbers[reference.kind],
    interval: durationOf(intervalMs),
    at: timestampOf(reference.kind === "fixed" ? reference.at : null),
    ...(reference.kind === "average_runtime" && {
      maxRuns: reference.maxRuns,
      minRuns: reference.minRuns,
    }),
  });
}

/**
 * @param at names its owner in messages, such as `tasks["load"]`.
 * @throws MillraceError DAG_INVALID for a reference that this version does not know
 */
export function deadlineFromProto(message: DeadlineSpecMessage, at: string): DeadlineSpec {
  const { name, interval } = message;
  return { name, reference: referenceOf(message, at), intervalMs: msOf(interval) ?? 0 };
}

function referenceOf(message: DeadlineSpecMessage, at: string): DeadlineReference {
  switch (message.reference) {
    case References.LOGICAL_DATE:
      return { kind: "logical_date" };
    case References.QUEUED_AT:
      return { kind: "queued_at" };
    case References.FIXED:
      // What is missing is refused as no moment.
      return { kind: "fixed", at: epochMsOf(message.at) ?? NaN };
    case References.AVERAGE_RUNTIME: {
      const maxRuns = message.maxRuns || specDefaults.averagedRuns;
      return { kind: "average_runtime", maxRuns, minRuns: message.minRuns || maxRuns };
    }
    case References.UNSPECIFIED:
    default: {
      const field = `${at}.deadlines["${message.name}"].reference`;
      const known = Object.keys(numbers).map((word) => word.toUpperCase());
      throw new MillraceError(
        "DAG_INVALID",
        `${field} is ${message.reference}: this version knows ${known.join(", ")}.`,
        { metadata: { field, value: String(message.reference) } },
      );
    }
  }
}
