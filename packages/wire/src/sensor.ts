/** A sensor on the wire and as the engine knows it. Workers read the same message in an assignment. */

import { create } from "@bufbuild/protobuf";
import type { SensorSpec } from "@millrace/engine";
import { specDefaults } from "./defaults.ts";
import type { SensorSpec as SensorSpecMessage } from "./gen/millrace/v1/dag_pb.ts";
import { SensorSpecSchema } from "./gen/millrace/v1/dag_pb.ts";
import { modeFromProto, sensorModes } from "./task-words.ts";
import { durationOf, msOf } from "./time.ts";

export function sensorToProto(sensor: SensorSpec): SensorSpecMessage {
  return create(SensorSpecSchema, {
    mode: sensorModes[sensor.mode],
    interval: durationOf(sensor.intervalMs),
    timeout: durationOf(sensor.timeoutMs),
    softFail: sensor.softFail,
    backoff: sensor.backoff,
    maxInterval: durationOf(sensor.maxIntervalMs),
  });
}

/**
 * Fills in defaults.
 *
 * @throws MillraceError DAG_INVALID for a mode that this version does not know
 */
export function sensorFromProto(message: SensorSpecMessage, taskId: string): SensorSpec {
  return {
    mode: modeFromProto(taskId, message.mode),
    intervalMs: msOf(message.interval) ?? specDefaults.sensorIntervalMs,
    timeoutMs: msOf(message.timeout) ?? specDefaults.sensorTimeoutMs,
    softFail: message.softFail,
    backoff: message.backoff,
    maxIntervalMs: msOf(message.maxInterval),
  };
}
