export { type Clock } from "./clock.ts";
export { startScheduler, type RunningScheduler, type SchedulerOptions } from "./scheduler.ts";
export { defaultSettings, type SchedulerSettings } from "./settings.ts";
