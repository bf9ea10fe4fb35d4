/** What a task waits for, in a few words. */
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Waiting } from "@millrace/wire/v1";
import { showMilliseconds, showTime } from "./format.ts";

export function showWaiting({ for: what, handler }: Waiting): string {
  switch (what.case) {
    case "until":
      return `waits until ${showTime(what.value)}`;
    case "token": {
      const { heartbeat } = what.value;
      const beats = heartbeat
        ? `, a heartbeat every ${showMilliseconds(durationMs(heartbeat))}`
        : "";
      return `waits for its token${beats}`;
    }
    case "form":
      return `asks: ${what.value.subject}`;
    case "summary":
      return what.value === "" ? `waits for ${handler}` : `waits for ${what.value} (${handler})`;
    case "runs": {
      const { dagId, runId, taskIds, groupIds } = what.value;
      const parts = [...taskIds, ...groupIds];
      const part = parts.length === 0 ? "" : `${parts.join(", ")} of `;
      return `waits for ${part}${dagId}${runId === "" ? "" : ` ${runId}`}`;
    }
    case undefined:
      return "waits";
  }
}
