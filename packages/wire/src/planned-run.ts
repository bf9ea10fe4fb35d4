/** Runs that are going to be made, on the wire. */

import { create } from "@bufbuild/protobuf";
import type { PlannedRun } from "@millrace/engine";
import {
  PlannedRunSchema,
  type PlannedRun as PlannedRunMessage,
} from "./gen/millrace/v1/dag_service_pb.ts";
import { epochMsOf, timestampOf } from "./time.ts";

export function plannedRunToProto(run: PlannedRun): PlannedRunMessage {
  const { logicalDate, dataInterval, runAfter } = run;
  return create(PlannedRunSchema, {
    logicalDate: timestampOf(logicalDate)!,
    dataIntervalStart: timestampOf(dataInterval.start)!,
    dataIntervalEnd: timestampOf(dataInterval.end)!,
    runAfter: timestampOf(runAfter)!,
  });
}

export function plannedRunFromProto(message: PlannedRunMessage): PlannedRun {
  return {
    logicalDate: epochMsOf(message.logicalDate) ?? 0,
    dataInterval: {
      start: epochMsOf(message.dataIntervalStart) ?? 0,
      end: epochMsOf(message.dataIntervalEnd) ?? 0,
    },
    runAfter: epochMsOf(message.runAfter) ?? 0,
  };
}
