/** Follows a backfill until it is over: a line that changes where a terminal is, else a line now and then. */
import { durationMs } from "@bufbuild/protobuf/wkt";
import { setTimeout as wait } from "node:timers/promises";
import { BackfillState, type Backfill, type GetBackfillResponse } from "@millrace/wire/v1";
import { colors } from "./colors.ts";
import type { Connection } from "./connection.ts";
import { showMilliseconds } from "./format.ts";
import { cutTo, say, write } from "./output.ts";

const everyMs = 500;
/** Where no terminal is, a line says so often how far it is. */
const lineEveryMs = 10_000;
const barWidth = 24;

/** Such as "[########········] 42 of 100 done, 3 failed, 10 running". */
export function progressBar({ progress }: Backfill): string {
  if (progress === undefined) return "";
  const { dates, pending, queued, running, failed } = progress;
  const done = dates - pending - queued - running;
  const filled = dates === 0 ? 0 : Math.floor((done / dates) * barWidth);
  const bar = `${"█".repeat(filled)}${"·".repeat(barWidth - filled)}`;
  const parts = [
    `${done} of ${dates} done`,
    ...(failed > 0 ? [colors.red(`${failed} failed`)] : []),
    ...(running > 0 ? [`${running} running`] : []),
    ...(queued > 0 ? [`${queued} queued`] : []),
    ...(pending > 0 ? [`${pending} without a run yet`] : []),
  ];
  return `${bar} ${parts.join(", ")}`;
}

function lineOf({ backfill, reasons }: GetBackfillResponse): string {
  if (backfill === undefined) return "";
  const left = backfill.progress?.estimatedLeft;
  const isPaused = backfill.state === BackfillState.PAUSED;
  const estimate = left ? `, about ${showMilliseconds(durationMs(left))} left (estimated)` : "";
  const held = isPaused ? `, paused` : "";
  const [first] = reasons;
  const why = isPaused || first === undefined || estimate !== "" ? "" : `: ${first.message}`;
  return `${backfill.backfillId} ${progressBar(backfill)}${estimate}${held}${why}`;
}

/** The answer in which it is over. */
export async function followBackfill(
  { backfills }: Pick<Connection, "backfills">,
  backfillId: string,
  isQuiet: boolean,
): Promise<GetBackfillResponse> {
  const { stderr } = process;
  let saidAt = -Infinity;
  for (;;) {
    const answer = await backfills.getBackfill({ backfillId });
    const state = answer.backfill?.state;
    const isOver = state === BackfillState.COMPLETED || state === BackfillState.CANCELLED;
    if (!isQuiet && stderr.isTTY)
      write(stderr, `\r\u001b[2K${cutTo(lineOf(answer), stderr.columns)}${isOver ? "\n" : ""}`);
    else if (!isQuiet && (isOver || performance.now() - saidAt >= lineEveryMs)) {
      say(lineOf(answer));
      saidAt = performance.now();
    }
    if (isOver) return answer;
    await wait(everyMs);
  }
}
