import { countRunsByDay } from "@millrace/db";
import { isZone, startOfDay } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import type { DagRunService } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { requireDag } from "../dag-reading.ts";
import { fieldInvalid } from "../fields.ts";
import { apiLimits } from "../limits.ts";

const dayMs = 24 * 60 * 60 * 1_000;
const daySyntax = /^\d{4}-\d{2}-\d{2}$/;

/** Runs by day, for a calendar. */
export function getRunCalendar(
  context: ApiContext,
): Handler<typeof DagRunService.method.getRunCalendar> {
  return async ({ dagId, from, to, timezone }) => {
    const [first, last] = [dayOf("from", from), dayOf("to", to)];
    if (last < first)
      throw fieldInvalid("to", `is ${to}, which is before from, ${from}; swap them.`);
    if ((last - first) / dayMs >= apiLimits.calendarDaysMax)
      throw fieldInvalid(
        "to",
        `is too far from ${from}; ask for ${apiLimits.calendarDaysMax} days.`,
      );
    const zone = timezone === "" ? "UTC" : timezone;
    if (!isZone(zone))
      throw fieldInvalid("timezone", `is "${zone}", which is no IANA zone; write one such as UTC.`);
    const head = await requireDag(context, dagId);
    const days = await countRunsByDay(context.db, head.dag_id, {
      from: new Date(startOfDay(zone, first)),
      until: new Date(startOfDay(zone, last + dayMs)),
      timezone: zone,
    });
    return { days };
  };
}

/** The day as a wall time: milliseconds as if it were UTC. */
function dayOf(field: string, text: string): number {
  const at = daySyntax.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text)
    throw fieldInvalid(field, `is "${text}"; write a day such as 2026-03-01.`);
  return at;
}
