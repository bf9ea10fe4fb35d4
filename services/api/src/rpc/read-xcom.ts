import type { MessageInitShape } from "@bufbuild/protobuf";
import { listXComs, viewTaskInstance, type TaskInstanceKey } from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import type {
  ReadXComRequest,
  ReadXComResponseSchema,
  TaskInstanceService,
} from "@millrace/wire/v1";
import { wholeValue } from "../blobs/whole-value.ts";
import type { ApiContext } from "../context.ts";
import { shown } from "../fields.ts";
import { requireTaskInstance } from "../task-instance-reading.ts";

/** The key of what a body returned. */
const returnKey = "return_value";

export function readXComOf(
  context: ApiContext,
): Handler<typeof TaskInstanceService.method.readXCom> {
  return (request) => pieces(context, request);
}

async function* pieces(
  context: ApiContext,
  request: ReadXComRequest,
): AsyncGenerator<MessageInitShape<typeof ReadXComResponseSchema>, void, undefined> {
  const { key } = await requireTaskInstance(context, request);
  const name = request.key === "" ? returnKey : request.key;
  const row = await valueIn(context, key, name);
  if (row === null)
    throw new MillraceError(
      "XCOM_NOT_FOUND",
      `The task instance left no value under the key ${shown(name)}.`,
    );
  for await (const piece of wholeValue(context.blobs.store, row))
    yield { content: Uint8Array.from(piece) };
}

async function valueIn(
  { db }: ApiContext,
  key: TaskInstanceKey,
  name: string,
): Promise<Uint8Array | null> {
  if (name === returnKey) return (await viewTaskInstance(db, key))?.out ?? null;
  return (await listXComs(db, key)).find((xcom) => xcom.key === name)?.value ?? null;
}
