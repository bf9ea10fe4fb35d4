/** Why a task waits, as its owner says. */

import { ReasonKind, type Reason } from "@millrace/wire/v1";
import type { FakeApi } from "./fake-api.ts";

const names = new Map<number, string>(
  Object.entries(ReasonKind).map(([name, kind]) => [kind, name]),
);

export async function reasonsFor(
  api: FakeApi,
  dagId: string,
  runKey: number,
  taskId: string,
): Promise<readonly Reason[]> {
  const value = { runKey: BigInt(runKey), taskId, mapIndex: -1 };
  const { reply } = await api.command(dagId, { command: { case: "explainTask", value } });
  if (reply.case !== "explanation") throw new Error(`replied ${reply.case}`);
  return reply.value.reasons;
}

/** Such as MAX_ACTIVE_TASKS. */
export function nameOfReason({ kind }: Reason): string {
  return names.get(kind) ?? "";
}
