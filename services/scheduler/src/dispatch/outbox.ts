/** Messages to api nodes, gathered for a turn of the event loop and sent together. */

import { create, toBinary } from "@bufbuild/protobuf";
import type { Bus } from "@millrace/bus";
import type { SessionAssignment, SessionCancel, SlotsReturned } from "@millrace/wire/internal";
import { DispatchSchema, SessionAssignmentSchema } from "@millrace/wire/internal";

export type Outbox = {
  assign(apiNodeId: string, assignment: SessionAssignment): void;
  returnSlots(apiNodeId: string, sessionKey: number, slots: number): void;
  cancel(apiNodeId: string, cancel: SessionCancel): void;
  /** Sends at once what has gathered. */
  flush(): void;
};

type Gathered = {
  assignments: SessionAssignment[];
  readonly returned: Map<number, number>;
  readonly cancels: SessionCancel[];
};

export function createOutbox(bus: Bus, options: { readonly bytesMax: number }): Outbox {
  const nodes = new Map<string, Gathered>();
  let isScheduled = false;

  function gatheredFor(apiNodeId: string): Gathered {
    let gathered = nodes.get(apiNodeId);
    if (gathered === undefined) {
      gathered = { assignments: [], returned: new Map(), cancels: [] };
      nodes.set(apiNodeId, gathered);
    }
    if (!isScheduled) {
      isScheduled = true;
      queueMicrotask(flush);
    }
    return gathered;
  }

  function flush(): void {
    isScheduled = false;
    for (const [apiNodeId, gathered] of nodes) {
      const returned = [...gathered.returned].map(([key, slots]) => ({
        sessionKey: BigInt(key),
        slots,
      }));
      const parts = partsOf(gathered.assignments);
      send(apiNodeId, parts.shift() ?? [], returned, gathered.cancels);
      for (const assignments of parts) send(apiNodeId, assignments, [], []);
    }
    nodes.clear();
  }

  function send(
    apiNodeId: string,
    assignments: SessionAssignment[],
    returned: Pick<SlotsReturned, "sessionKey" | "slots">[],
    cancels: SessionCancel[],
  ): void {
    const message = create(DispatchSchema, { nodeId: bus.nodeId, assignments, returned, cancels });
    bus.publish(`api.${apiNodeId}.assign`, toBinary(DispatchSchema, message));
  }

  function partsOf(assignments: readonly SessionAssignment[]): SessionAssignment[][] {
    const parts: SessionAssignment[][] = [];
    let bytes = Infinity;
    for (const assignment of assignments) {
      const size = sizeOf(assignment);
      if (bytes + size > options.bytesMax) {
        parts.push([]);
        bytes = 0;
      }
      parts.at(-1)?.push(assignment);
      bytes += size;
    }
    return parts;
  }

  return {
    assign: (apiNodeId, assignment) => void gatheredFor(apiNodeId).assignments.push(assignment),
    returnSlots(apiNodeId, sessionKey, slots) {
      const { returned } = gatheredFor(apiNodeId);
      returned.set(sessionKey, (returned.get(sessionKey) ?? 0) + slots);
    },
    cancel: (apiNodeId, cancel) => void gatheredFor(apiNodeId).cancels.push(cancel),
    flush,
  };
}

/** About how long an assignment is: its values, and something for the rest. */
function sizeOf({ assignment }: SessionAssignment): number {
  let bytes =
    1_024 + (assignment?.args.byteLength ?? 0) + (assignment?.run?.params?.data.byteLength ?? 0);
  for (const input of Object.values(assignment?.inputs ?? {})) bytes += input.data.byteLength;
  for (const item of Object.values(assignment?.items ?? {})) bytes += item.data.byteLength;
  const { event, state } = assignment?.resumption ?? {};
  for (const value of [event, state]) bytes += value?.data.byteLength ?? 0;
  return bytes;
}

export function sessionAssignment(
  sessionKey: number,
  assignment: SessionAssignment["assignment"],
): SessionAssignment {
  return create(SessionAssignmentSchema, {
    sessionKey: BigInt(sessionKey),
    ...(assignment === undefined ? {} : { assignment }),
  });
}
