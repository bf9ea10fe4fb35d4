/** Ready-made tasks, built only on the SDK. */

export { empty } from "./empty.ts";
export { fileSensor } from "./file-sensor.ts";
export { latestOnly } from "./latest-only.ts";
export { shell } from "./shell.ts";
export type { ShellOptions } from "./shell.ts";
export { timeSensor, waitFor, waitUntil } from "./time-sensors.ts";
export type { TimeSensorOptions } from "./time-sensors.ts";
