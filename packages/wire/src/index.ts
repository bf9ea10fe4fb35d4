/** The only mapping between the wire and the engine's types. Messages themselves: `@millrace/wire/v1`, `/worker`, `/internal`. */

export { callbackEvents } from "./callback.ts";
export { dagSpecFromProto, dagSpecToProto } from "./dag-spec.ts";
export { existingTargetKey } from "./existing-target.ts";
export { failureFromProto, failureToProto } from "./failure.ts";
export {
  inputSetToProto,
  runInstancesFromProto,
  runInstancesOfBytes,
  runInstancesToBytes,
  runInstancesToProto,
} from "./inputs.ts";
export { plannedRunFromProto, plannedRunToProto } from "./planned-run.ts";
export { reasonToProto } from "./reason.ts";
export { sensorFromProto, sensorToProto } from "./sensor.ts";
export { isolations, taskControls, taskKinds } from "./task-words.ts";
export { specDefaults } from "./defaults.ts";
export { durationOf, epochMsOf, msOf, timestampOf } from "./time.ts";
export { attemptIdOf, parseAttemptId, type AttemptPart, type AttemptRef } from "./attempt-id.ts";
export { backfillIdOf, backfillKeyOf } from "./backfill-id.ts";
export { runIdOf, runKeyOf } from "./run-id.ts";
export {
  blobRefBytesMax,
  isBlobRef,
  parseBlobKey,
  readBlobRef,
  writeBlobRef,
  type BlobKey,
  type BlobRef,
} from "./blob-ref.ts";
export { listAt, partAt, type JsonList } from "./json-list.ts";
export { waitingOf } from "./waiting.ts";
export { externalWaitFromProto, externalWaitToProto, isKnownEndState } from "./external.ts";
