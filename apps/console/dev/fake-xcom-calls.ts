import type { ServiceImpl } from "@connectrpc/connect";
import { Code } from "@connectrpc/connect";
import { TaskState } from "@millrace/wire/v1";
import type { TaskInstance, TaskInstanceService } from "@millrace/wire/v1";
import type { Behaviour } from "./fake-dag.ts";
import { refusal } from "./fake-errors.ts";
import { pause } from "./fake-lookup.ts";
import type { Lookup } from "./fake-lookup.ts";
import { jsonOf } from "./fake-waits.ts";

type Calls = Pick<ServiceImpl<typeof TaskInstanceService>, "listXComs" | "readXCom">;

const pieceBytes = 64 * 1024;

/** The values tasks leave: what is returned on success, the rest whatever the outcome. */
export function xcomCalls(lookup: Lookup): Calls {
  return {
    listXComs(request) {
      const { run, instance } = lookup.instance(request);
      const behaviour = run.behaviourOf(request.taskId);
      const xcoms = [...valuesOf(instance, behaviour)].map(([key, value]) => {
        const data = jsonOf(value);
        return { key, value: { data }, size: BigInt(data.length) };
      });
      const { large } = behaviour;
      if (large === undefined || instance.tryNumber === 0) return { xcoms };
      return { xcoms: [...xcoms, { key: large.key, size: BigInt(large.bytes) }] };
    },
    async *readXCom(request, { signal }) {
      const { run } = lookup.instance(request);
      const { large } = run.behaviourOf(request.taskId);
      if (large === undefined || large.key !== request.key) {
        throw refusal(Code.NotFound, "XCOM_NOT_FOUND", `It left nothing under "${request.key}".`);
      }
      const whole = largeValue(large.bytes);
      for (let at = 0; at < whole.length && !signal.aborted; at += pieceBytes) {
        yield { content: whole.slice(at, at + pieceBytes) };
        await pause(1, signal);
      }
    },
  };
}

function valuesOf(
  { state, tryNumber }: TaskInstance,
  { result, xcoms = {} }: Behaviour,
): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  if (state === TaskState.SUCCESS && result !== undefined) values.set("return_value", result);
  if (tryNumber > 0) for (const [key, value] of Object.entries(xcoms)) values.set(key, value);
  return values;
}

/** A list of rows that is so long, to the byte, as text of JSON. */
function largeValue(bytes: number): Uint8Array<ArrayBuffer> {
  const row = '{"id":1,"name":"Ada Lovelace","amount":1234.5},';
  const rows = Math.floor((bytes - 4) / row.length);
  const text = `[${row.repeat(rows)}0]`;
  return new TextEncoder().encode(text.padEnd(bytes, " "));
}
