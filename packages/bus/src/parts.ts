/** Messages longer than a NATS server takes at once, cut into parts and put together again. */

import { headers, type MsgHdrs } from "@nats-io/transport-node";
import { busLimits } from "./bus.ts";

const partHeader = "Millrace-Part";

export type Part = { readonly data: Uint8Array; readonly headers: MsgHdrs | null };

/** Cuts a message; one that fits stays whole and has no header. `id` must be unique among messages on their way. */
export function* cut(data: Uint8Array, partBytesMax: number, id: string): Generator<Part> {
  if (data.byteLength <= partBytesMax) {
    yield { data, headers: null };
    return;
  }
  const count = Math.ceil(data.byteLength / partBytesMax);
  for (let i = 0; i < count; i++) {
    const head = headers();
    head.set(partHeader, `${id} ${i} ${count}`);
    yield { data: data.subarray(i * partBytesMax, (i + 1) * partBytesMax), headers: head };
  }
}

export type Gatherer = {
  /** The whole message once its last part is here; null before, and for what cannot become whole. */
  add(data: Uint8Array, head: MsgHdrs | undefined): Uint8Array | null;
};

type Gathering = { parts: Uint8Array[]; bytes: number };

/** Parts of a message come in order from one sender; one whose parts have a gap is dropped, as any message may be. */
export function createGatherer(): Gatherer {
  const gatherings = new Map<string, Gathering>();

  function begin(id: string): Gathering {
    const oldest = gatherings.keys().next();
    if (gatherings.size >= busLimits.gatheringMax && !oldest.done) gatherings.delete(oldest.value);
    const gathering: Gathering = { parts: [], bytes: 0 };
    gatherings.set(id, gathering);
    return gathering;
  }

  return {
    add(data, head) {
      const mark = head?.get(partHeader) ?? "";
      if (mark === "") return data;
      const [id = "", indexText, countText] = mark.split(" ");
      const index = Number(indexText);
      const gathering = index === 0 ? begin(id) : gatherings.get(id);
      if (gathering === undefined) return null;
      gathering.bytes += data.byteLength;
      if (gathering.parts.length !== index || gathering.bytes > busLimits.messageBytesMax) {
        gatherings.delete(id);
        return null;
      }
      gathering.parts.push(data);
      if (gathering.parts.length < Number(countText)) return null;
      gatherings.delete(id);
      return Buffer.concat(gathering.parts);
    },
  };
}
