import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { ReasonKind, ReasonSchema } from "@millrace/wire/v1";
import type { Reason, TaskInstance } from "@millrace/wire/v1";
import { formatIso } from "../lib/format.ts";
import type { FakeRun } from "./fake-run.ts";

/** What a task that gave its slot back waits for, and for a watch who watches, or why nobody does. */
export function waitReasons(run: FakeRun, instance: TaskInstance): readonly Reason[] {
  const { waiting, taskId, queue } = instance;
  const end = waiting?.for;
  if (end?.case === "form") {
    const { subject, assignees } = end.value;
    const who = assignees.length === 0 ? "a person" : assignees.join(" or ");
    const evidence = {
      subject,
      ...(assignees.length === 0 ? {} : { assignees: assignees.join(", ") }),
    };
    const kind = ReasonKind.AWAITING_INPUT;
    return [
      reason(kind, `It waits for ${who} to answer: ${subject}.`, evidence, waiting?.timeoutAt),
    ];
  }
  const deferred = (text: string, evidence: Record<string, string>, until?: Reason["until"]) =>
    reason(ReasonKind.DEFERRED, `It gave its slot back and waits ${text}.`, evidence, until);
  if (end?.case === "until") {
    const at = timestampMs(end.value);
    const left = Math.max(0, Math.ceil((at - Date.now()) / 1_000));
    return [deferred(`until ${formatIso(at)}, in ${left} s`, { for: "time" }, end.value)];
  }
  if (end?.case !== "summary") {
    return [deferred("for whoever has its task token", { for: "token" }, waiting?.timeoutAt)];
  }
  const summary = end.value;
  const handler = waiting?.handler ?? "";
  const wait = run.behaviourOf(taskId).waits?.find((one) => one.for === "watch");
  const watcher = wait?.isUnwatched === true ? null : "triggerer-a";
  const evidence = { for: "watch", summary, handler };
  if (watcher !== null) {
    const text = `for ${summary}, which ${watcher} watches`;
    return [deferred(text, { ...evidence, triggerer: watcher }, waiting?.timeoutAt)];
  }
  const line = `trigger/${handler}`;
  return [
    deferred(`for ${summary}`, evidence, waiting?.timeoutAt),
    reason(
      ReasonKind.NO_WORKER_FOR_HANDLER,
      `1 worker serves the queue "${queue}", but none announced the handler "${line}".`,
      { queue, handler: line, workers: "1" },
    ),
  ];
}

function reason(
  kind: ReasonKind,
  message: string,
  evidence: Record<string, string>,
  until?: Reason["until"],
): Reason {
  return create(ReasonSchema, {
    kind,
    message,
    evidence,
    ...(until === undefined ? {} : { until }),
  });
}
