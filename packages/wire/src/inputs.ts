/** Inputs of DAGs, and what runs were given of them, on the wire and as the engine knows them. */

import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import {
  MillraceError,
  setText,
  type DatedAsset,
  type DatedInstance,
  type InputOrder,
  type InputsSpec,
  type InputState,
  type InputTerm,
  type RunInstances,
  type SetProgress,
} from "@millrace/engine";
import { assetFromProto, assetToProto } from "./asset.ts";
import { AssetDefinitionSchema } from "./gen/millrace/v1/asset_pb.ts";
import type { DagSpec as DagSpecMessage } from "./gen/millrace/v1/dag_pb.ts";
import type {
  DatedAsset as DatedAssetMessage,
  DatedAssetSchema,
  InputTerm as InputTermMessage,
  InputTermSchema,
  RunInstances as RunInstancesMessage,
} from "./gen/millrace/v1/inputs_pb.ts";
import {
  InputOrder as Orders,
  InputSetSchema,
  InputSetState,
  RunInstancesSchema,
} from "./gen/millrace/v1/inputs_pb.ts";
import { durationOf, epochMsOf, msOf, timestampOf } from "./time.ts";

const orders = {
  oldest: Orders.OLDEST,
  newest: Orders.NEWEST,
  last: Orders.LAST,
  none: Orders.NONE,
} as const satisfies Record<InputOrder, Orders>;

type TermInit = MessageInitShape<typeof InputTermSchema>;

export function inputsToProto(inputs: InputsSpec | null) {
  if (inputs === null) return {};
  return {
    inputs: termToProto(inputs.term),
    inputTimeout: durationOf(inputs.timeoutMs),
    inputOrder: orders[inputs.order],
  };
}

function termToProto(term: InputTerm): TermInit {
  const { name, min, waitMs } = term;
  return { name, ...(min !== null && { min }), wait: durationOf(waitMs), kind: kindToProto(term) };
}

function kindToProto(term: InputTerm) {
  switch (term.kind) {
    case "instances": {
      const { from, to } = term;
      return { case: "instances", value: { of: datedToProto(term.of), from, to } } as const;
    }
    case "latest": {
      const { count, within } = term;
      return { case: "latest", value: { of: datedToProto(term.of), count, within } } as const;
    }
    case "all_of":
      return { case: "allOf", value: { terms: term.terms.map(termToProto) } } as const;
    case "first_of":
      return { case: "firstOf", value: { terms: term.terms.map(termToProto) } } as const;
    case "combine":
      return { case: "combine", value: { terms: term.terms.map(termToProto) } } as const;
  }
}

function datedToProto(of: DatedAsset): MessageInitShape<typeof DatedAssetSchema> {
  const { every, timezone, format } = of;
  return { asset: assetToProto(of.asset), every, timezone, format, from: timestampOf(of.from) };
}

/** @throws MillraceError DAG_INVALID for a form or an order that this version does not know */
export function inputsFromProto(
  message: Pick<DagSpecMessage, "inputs" | "inputTimeout" | "inputOrder">,
): InputsSpec | null {
  const { inputs, inputTimeout, inputOrder } = message;
  if (inputs === undefined) return null;
  return {
    term: termFromProto(inputs),
    timeoutMs: msOf(inputTimeout),
    order: orderFromProto(inputOrder),
  };
}

function orderFromProto(order: Orders): InputOrder {
  if (order === Orders.UNSPECIFIED) return "oldest";
  const found = Object.entries(orders).find(([, number]) => number === order);
  if (found === undefined) throw unknown("inputOrder", "millrace.v1.InputOrder");
  return found[0] as InputOrder;
}

function termFromProto(message: InputTermMessage): InputTerm {
  const { name, kind } = message;
  const enough = { name, min: message.min ?? null, waitMs: msOf(message.wait) };
  switch (kind.case) {
    case "instances": {
      const { from, to, of } = kind.value;
      return { ...enough, kind: "instances", of: datedFromProto(of), from, to };
    }
    case "latest": {
      const { count, within, of } = kind.value;
      return { ...enough, kind: "latest", of: datedFromProto(of), count, within };
    }
    case "allOf":
      return { ...enough, kind: "all_of", terms: kind.value.terms.map(termFromProto) };
    case "firstOf":
      return { ...enough, kind: "first_of", terms: kind.value.terms.map(termFromProto) };
    case "combine":
      return { ...enough, kind: "combine", terms: kind.value.terms.map(termFromProto) };
    case undefined:
      throw unknown("inputs", "millrace.v1.InputTerm");
  }
}

/** What is missing is refused as no asset, and no cron expression. */
function datedFromProto(of: DatedAssetMessage | undefined): DatedAsset {
  return {
    asset: assetFromProto(of?.asset ?? create(AssetDefinitionSchema)),
    every: of?.every ?? "",
    timezone: of?.timezone || "UTC",
    format: of?.format ?? "",
    from: epochMsOf(of?.from),
  };
}

function unknown(field: string, of: string): MillraceError {
  return new MillraceError(
    "DAG_INVALID",
    `${field} is of a kind that this version does not know: send one of ${of}.`,
    { metadata: { field, value: "unknown kind" } },
  );
}

/** What a run was given, as its row and its workers have it. */
export function runInstancesToProto(given: RunInstances): RunInstancesMessage {
  const inputs = Object.entries(given).map(([name, instances]) => ({
    name,
    instances: instances.map(instanceToProto),
  }));
  return create(RunInstancesSchema, { inputs });
}

function instanceToProto({ uri, partitionKey, date }: DatedInstance) {
  return { uri, partitionKey, date: timestampOf(date) };
}

export function runInstancesFromProto({ inputs }: RunInstancesMessage): RunInstances {
  const given = inputs.map(({ name, instances }) => {
    const list = instances.map(({ uri, partitionKey, date }): DatedInstance => ({
      ...{ uri, partitionKey },
      date: epochMsOf(date) ?? 0,
    }));
    return [name, list] as const;
  });
  return Object.fromEntries(given);
}

export function runInstancesToBytes(given: RunInstances): Uint8Array {
  return toBinary(RunInstancesSchema, runInstancesToProto(given));
}

export function runInstancesOfBytes(bytes: Uint8Array): RunInstancesMessage {
  return fromBinary(RunInstancesSchema, bytes);
}

const states = {
  holds: InputSetState.THERE,
  waits: InputSetState.WAITING,
  lacks: InputSetState.LACKING,
} as const satisfies Record<InputState, InputSetState>;

export function inputSetToProto(set: SetProgress) {
  const { name, uris, have, want, need, isLatest, choice } = set;
  return create(InputSetSchema, {
    ...{ name, uris: [...uris], have, want, need, isLatest, choice, message: setText(set) },
    state: states[set.state],
    until: timestampOf(set.until),
    missing: set.missing.map(instanceToProto),
  });
}
