/** What a refused call says, for assertions. */

import { ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@millrace/wire/v1";

/** The reason of a refused call; an error of the test when the call was not refused, or not by us. */
export async function reasonOf(call: Promise<unknown>): Promise<string> {
  return (await refusalOf(call)).reason;
}

export type Refusal = {
  readonly reason: string;
  readonly message: string;
  readonly metadata: Record<string, string>;
  readonly code: number;
};

export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const [info] = error.findDetails(ErrorInfoSchema);
    if (info === undefined) throw error;
    return {
      reason: info.reason,
      message: error.rawMessage,
      metadata: info.metadata,
      code: error.code,
    };
  }
  throw new Error("The call was not refused.");
}

/** The first answers of a stream, which is then left. */
export async function take<T>(stream: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of stream) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}
