/** Tells owners what sessions run, and when they have ended. */

import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { parseAttemptId } from "@millrace/wire";
import { InventorySchema, InventoryVerdictsSchema } from "@millrace/wire/internal";
import { StaleReason, VerdictKind, VerdictSchema, type Verdict } from "@millrace/wire/worker";
import type { ApiContext } from "../context.ts";
import { workerLimits } from "../limits.ts";

type Telling = Pick<ApiContext, "bus" | "owners" | "log">;

/** What to do about the attempts a session says it holds. Owners that do not answer say nothing: their attempts go on. */
export async function verdictsOn(
  context: Telling,
  sessionKey: number,
  attemptIds: readonly string[],
): Promise<Verdict[]> {
  const { owners } = context;
  const byOwner = new Map<string, string[]>(owners.nodes().map((nodeId) => [nodeId, []]));
  const verdicts: Verdict[] = [];
  for (const attemptId of attemptIds) {
    const attempt = parseAttemptId(attemptId);
    if (attempt === null) {
      verdicts.push(
        create(VerdictSchema, {
          attemptId,
          kind: VerdictKind.STALE,
          staleReason: StaleReason.UNSPECIFIED,
        }),
      );
      continue;
    }
    const nodeId = owners.ownerOf(attempt.shard);
    if (nodeId !== null) byOwner.get(nodeId)?.push(attemptId);
  }
  // Owners with nothing on the list are asked too: they may believe that the session runs something of theirs.
  const answers = await Promise.all(
    [...byOwner].map(([nodeId, ids]) =>
      tell(context, nodeId, { sessionKey: BigInt(sessionKey), attemptIds: ids }),
    ),
  );
  // UNSPECIFIED is for an owner that lost the shard meanwhile: no verdict.
  return [...verdicts, ...answers.flat().filter(({ kind }) => kind !== VerdictKind.UNSPECIFIED)];
}

/** Owners find out by themselves too, later. */
export async function tellOwnersOfEnd(context: Telling, sessionKey: number): Promise<void> {
  await Promise.all(
    context.owners
      .nodes()
      .map((nodeId) => tell(context, nodeId, { sessionKey: BigInt(sessionKey), hasEnded: true })),
  );
}

async function tell(
  { bus, log }: Telling,
  nodeId: string,
  inventory: MessageInitShape<typeof InventorySchema>,
): Promise<Verdict[]> {
  const data = toBinary(InventorySchema, create(InventorySchema, inventory));
  try {
    const answer = await bus.request(`owner.${nodeId}.inventory`, data, {
      timeoutMs: workerLimits.inventoryTimeoutMs,
    });
    return fromBinary(InventoryVerdictsSchema, answer).verdicts;
  } catch (error) {
    log.debug({ node: nodeId, err: error }, "inventory.unanswered");
    return [];
  }
}
