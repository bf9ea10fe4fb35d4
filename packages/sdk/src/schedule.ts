/** Schedules are values: a cron string or preset, or what `cron` makes. */

export const presets = [
  "@hourly",
  "@daily",
  "@weekly",
  "@monthly",
  "@quarterly",
  "@yearly",
] as const;

export type CronSchedule = {
  readonly kind: "cron";
  readonly expression: string;
  /** IANA zone; null means the DAG's `timezone`. */
  readonly timezone: string | null;
};

/** A cron expression of five or six fields, a preset, or `cron(…)`. */
export type ScheduleOption = (typeof presets)[number] | (string & {}) | CronSchedule;

/**
 * Runs at the instants of a cron expression: the logical date is the instant of firing.
 *
 * @example cron("0 2 * * *", { timezone: "Europe/Berlin" })
 */
export function cron(
  expression: string,
  options: { readonly timezone?: string } = {},
): CronSchedule {
  return { kind: "cron", expression, timezone: options.timezone ?? null };
}

/** The engine's schedule, or null when the value is none. */
export function readSchedule(value: unknown): CronSchedule | null {
  if (typeof value === "string") return cron(value);
  return isCron(value) ? value : null;
}

function isCron(value: unknown): value is CronSchedule {
  return (
    typeof value === "object" &&
    value !== null &&
    (value as Partial<CronSchedule>).kind === "cron" &&
    typeof (value as Partial<CronSchedule>).expression === "string"
  );
}
