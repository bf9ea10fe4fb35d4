/** What clocks on walls show. */

import { MillraceError } from "@millrace/sdk";

/** "HH:MM:SS" in a zone; such texts are in the order of times. @throws MillraceError DAG_INVALID */
export function wallTime(timezone: string, at: Date): string {
  try {
    return at.toLocaleTimeString("en-GB", { timeZone: timezone, hourCycle: "h23" });
  } catch (error) {
    throw new MillraceError(
      "DAG_INVALID",
      `timeSensor: "${timezone}" is no time zone; write one such as "Europe/Zurich"`,
      {
        cause: error,
      },
    );
  }
}

/** No day is longer, even where clocks are put back by more than an hour. */
const dayMsMax = 27 * 3_600_000;

/**
 * The first whole second, from `now` on, at which the wall clock of that day shows a time or a later one, in
 * milliseconds; `now` where it does already.
 *
 * @param time "HH:MM:SS".
 */
export function nextTimeOfDay(time: string, timezone: string, now: Date): number {
  const today = dayOf(timezone, now);
  const hasCome = (ms: number): boolean =>
    dayOf(timezone, new Date(ms)) !== today || wallTime(timezone, new Date(ms)) >= time;
  if (hasCome(now.getTime())) return now.getTime();
  // The clock may be put on or back in between: what it shows then is asked, not computed.
  const start = Math.floor(now.getTime() / 1000);
  let before = start;
  let after = start + Math.min(secondsFrom(wallTime(timezone, now), time), dayMsMax / 1000);
  if (!hasCome(after * 1000)) {
    before = after;
    after = start + dayMsMax / 1000;
  }
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (hasCome(middle * 1000)) after = middle;
    else before = middle;
  }
  return after * 1000;
}

function dayOf(timezone: string, at: Date): string {
  return at.toLocaleDateString("en-CA", { timeZone: timezone });
}

/** From one time of the day to a later one, as long as the clock is left alone. */
function secondsFrom(earlier: string, later: string): number {
  return secondsOf(later) - secondsOf(earlier);
}

function secondsOf(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(":").map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}
