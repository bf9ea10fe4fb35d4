/** Ready-made tasks, built only on the SDK. */

export { approval } from "./approval.ts";
export type { ApprovalOptions } from "./approval.ts";
export { askInput } from "./ask-input.ts";
export type { AskInputOptions } from "./ask-input.ts";
export { empty } from "./empty.ts";
export { fileSensor } from "./file-sensor.ts";
export type { FileSensorOptions } from "./file-sensor.ts";
export { httpSensor } from "./http-sensor.ts";
export type { HttpSensorOptions } from "./http-sensor.ts";
export { latestOnly } from "./latest-only.ts";
export { shell } from "./shell.ts";
export type { ShellOptions } from "./shell.ts";
export { timeSensor, waitFor, waitUntil } from "./time-sensors.ts";
export type { TimeSensorOptions, WaitOptions } from "./time-sensors.ts";
export { email } from "./notifiers/email.ts";
export type { EmailOptions, SmtpOptions } from "./notifiers/email.ts";
export { slack } from "./notifiers/slack.ts";
export type { SlackOptions } from "./notifiers/slack.ts";
export { webhook } from "./notifiers/webhook.ts";
export type { WebhookOptions } from "./notifiers/webhook.ts";
export type { Setting } from "./notifiers/secret.ts";
