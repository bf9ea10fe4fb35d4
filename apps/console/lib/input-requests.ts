/** What people are asked: how it stands, what was answered, and which request is meant. */
import { InputState } from "@millrace/wire/v1";
import type { InputRequest } from "@millrace/wire/v1";
import type { StateFace } from "./states.ts";

/** In the order of their filter. */
export const inputStates = [
  InputState.OPEN,
  InputState.ANSWERED,
  InputState.TIMED_OUT,
  InputState.WITHDRAWN,
] as const;

export const closedStates = inputStates.filter((state) => state !== InputState.OPEN);

const faces: ReadonlyMap<InputState, StateFace> = new Map([
  [InputState.OPEN, { look: "needs_input", label: "Open" }],
  [InputState.ANSWERED, { look: "success", label: "Answered" }],
  [InputState.TIMED_OUT, { look: "failed", label: "Timed out" }],
  [InputState.WITHDRAWN, { look: "skipped", label: "Withdrawn" }],
]);

const unknown: StateFace = { look: "pending", label: "Unknown" };

export function inputFace(state: InputState): StateFace {
  return faces.get(state) ?? unknown;
}

/** The states by the names that stand in addresses. */
export const inputStateNames: ReadonlyMap<string, InputState> = new Map([
  ["open", InputState.OPEN],
  ["answered", InputState.ANSWERED],
  ["timed_out", InputState.TIMED_OUT],
  ["withdrawn", InputState.WITHDRAWN],
]);

/** Who gave the defaults when nobody answered. */
export const timeoutAnswerer = "timeout";

/** Names one request; it stands in addresses. */
export type InputKey = {
  readonly runId: string;
  readonly taskId: string;
  /** -1 when not mapped. */
  readonly mapIndex: number;
  readonly tryNumber: number;
};

export function inputKeyText({ runId, taskId, mapIndex, tryNumber }: InputKey): string {
  return [runId, taskId, mapIndex, tryNumber].join("/");
}

/** Null for what is none. */
export function parseInputKey(text: string): InputKey | null {
  const found = /^([^/]+)\/([^/]+)\/(-?\d{1,9})\/(\d{1,9})$/.exec(text);
  if (found === null) return null;
  const [, runId = "", taskId = "", mapIndex, tryNumber] = found;
  return { runId, taskId, mapIndex: Number(mapIndex), tryNumber: Number(tryNumber) };
}

/** What this task instance asked, newest first. */
export function requestsOf(
  requests: readonly InputRequest[],
  { taskId, mapIndex }: Pick<InputRequest, "taskId" | "mapIndex">,
): readonly InputRequest[] {
  return requests
    .filter((one) => one.taskId === taskId && one.mapIndex === mapIndex)
    .sort((a, b) => b.tryNumber - a.tryNumber);
}

/** Whether this caller may answer, as far as the form says it. */
export function mayAnswer(assignees: readonly string[], caller: string): boolean {
  return (
    assignees.length === 0 || assignees.includes(caller) || assignees.includes(`user:${caller}`)
  );
}
