/** A schedule in a few words, for lists. */

import { assetExpressionText } from "../assets/asset-text.ts";
import { spanText } from "../admission/span-text.ts";
import type { Schedule } from "../spec/spec.ts";

/** Such as "@daily", "0 6 * * * | 0 18 * * *" or "every 90 min". */
export function scheduleText(schedule: Schedule): string {
  switch (schedule.kind) {
    case "cron":
      return schedule.expressions.join(" | ");
    case "cron_interval":
      return schedule.expression;
    case "delta":
    case "delta_interval":
      return `every ${spanText(schedule.everyMs)}`;
    case "once":
    case "continuous":
      return `@${schedule.kind}`;
    case "assets":
      return assetExpressionText(schedule.expression);
    case "partitioned_assets":
      return `${assetExpressionText(schedule.expression)} by partition`;
    case "asset_or_time":
      return `${scheduleText(schedule.time)} or ${assetExpressionText(schedule.expression)}`;
    case "custom":
      return schedule.name;
    case "events":
      return schedule.at.length === 1 ? "1 event" : `${schedule.at.length} events`;
  }
}
