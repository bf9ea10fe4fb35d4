/** For bundlers, workers and test runners: what is behind DAG definitions. Users do not import this. */

export { encodeText, encodeValue, decodeValue } from "./codec/codec.ts";
export { follow, lengthAt, resolveArgs } from "./context/args.ts";
export { bodyOf, callbackOf, resumeOf, retryPolicyOf, targetOf } from "./wiring/code-of.ts";
export { deferralOf, type DeferralRequest } from "./waiting/deferral.ts";
export type {
  FileWatch,
  FormSpec,
  HttpWatch,
  TriggerSpec,
  WatchSpec,
} from "./waiting/trigger-spec.ts";
export { readChoice, readSensorAnswer } from "./task/answers.ts";
export { withRetryPolicy, type RetryPolicy } from "./task/retry-policy.ts";
export {
  isoWithOffset,
  valueOfRun,
  type InputInstance,
  type RunFacts,
  type RunInputs,
  type RunValue,
} from "./context/run-facts.ts";
export { runInContext, type LogFields, type TaskContext, type TaskLog } from "./context/context.ts";
export { outcomeOfThrown, type Thrown } from "./context/outcome.ts";
export { waitSummary } from "./across/runs-trigger.ts";
export type { TriggeredRun, TriggerRequest } from "./across/trigger-request.ts";
export { dagsOf, isDag } from "./dag/dags-of.ts";
export { durationForms, durationMs, type Duration } from "./options/duration.ts";
export { instantForms, instantMs, type Instant } from "./options/instant.ts";
export { blobBytesMax, valueBytesMax, valueDepthMax, xcomsMax } from "./limits.ts";
export type { DagDefinition, SpecOrigin } from "./dag/dag.ts";
export type { Body } from "./wiring/body.ts";
// How a worker runs one attempt, for whoever runs attempts without one.
export { Attempt } from "./worker/attempt.ts";
export { argsOf, callBody } from "./worker/call-body.ts";
export { callbackEventOf, callCallback } from "./worker/callback.ts";
export { longTimeout } from "./worker/long-timeout.ts";
export { failureOf, stoppedOutcome } from "./worker/outcome.ts";
export { sensorSeed, type SensorTime } from "./worker/sensor.ts";
export type { Answer, Ask, LogEntry, Outcome, StopCause, Work } from "./worker/messages.ts";
export type { TaskCode } from "./wiring/code-of.ts";
