/** The stream between a worker and an api node: in order as long as it lasts, and gone for both sides when it breaks. */

import { EventEmitter } from "node:events";
import { create } from "@bufbuild/protobuf";
import { WorkerService, type WorkRequest } from "@millrace/wire/worker";
import type { VirtualProcess } from "./machine.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import {
  aCall,
  carried,
  sent,
  streamErrorOf,
  unavailable,
  type Carried,
  type RpcServer,
} from "./rpc.ts";

export type StreamOptions = ConnectionOptions & { readonly server: RpcServer | null };

/** The worker's end, as far as the product uses that of grpc-js. */
export type ClientStream = EventEmitter & {
  write(message: WorkRequest): boolean;
  end(): void;
  cancel(): void;
};

/** How long a connection to nobody takes to fail. */
const refusedMs = 1;

/** What waits to be read, in order. */
class Incoming implements AsyncIterator<WorkRequest, undefined> {
  readonly #waiting: WorkRequest[] = [];
  #wake: (() => void) | null = null;
  #end: { readonly error: Error | null } | null = null;

  push(message: WorkRequest): void {
    this.#waiting.push(message);
    this.#wake?.();
  }

  finish(error: Error | null): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<WorkRequest, undefined>> {
    while (this.#waiting.length === 0 && this.#end === null) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const value = this.#waiting.shift();
    if (value !== undefined) return { done: false, value };
    if (this.#end?.error !== null && this.#end !== null) throw this.#end.error;
    return { done: true, value: undefined };
  }
}

export function createStream(options: StreamOptions): ClientStream {
  const { process, network, random, faults, server } = options;
  const { machine } = process;
  const client = new EventEmitter() as ClientStream;
  const incoming = new Incoming();
  const aborted = new AbortController();
  const ends: (() => void)[] = [];
  let isOver = false;
  /** When the last message of each direction arrives: order is kept. */
  const lastAt = new Map<VirtualProcess, number>();

  function travel(to: VirtualProcess, arrive: () => void): void {
    const at = Math.max(machine.now + network.latency(), lastAt.get(to) ?? 0);
    lastAt.set(to, at);
    machine.after(at - machine.now, to, () => {
      if (!isOver) arrive();
    });
  }

  /** Both sides notice, each in its own time. */
  function broke(): void {
    if (isOver) return;
    close();
    tell(unavailable);
    if (server !== null) machine.after(network.latency(), server.process, abandon);
  }

  function close(): void {
    isOver = true;
    for (const end of ends) end();
  }

  function abandon(): void {
    aborted.abort();
    incoming.finish(new Error("The stream broke."));
  }

  function tell(error: Carried): void {
    process.after(network.latency(), () => client.emit("error", streamErrorOf(error)));
  }

  function breaksNow(to: VirtualProcess): boolean {
    const from = to === process ? server?.process : process;
    if (from === undefined) return true;
    if (network.isCut(from, to)) {
      options.onFault("stream.cut");
      return true;
    }
    if (!random.chance(faults.streamBroken)) return false;
    options.onFault("stream.broken");
    return true;
  }

  async function serve({ service, process: node }: RpcServer, on: RpcServer): Promise<void> {
    const rpc = service.methods.find(
      ({ desc }) => desc.localName === WorkerService.method.work.localName,
    );
    if (rpc === undefined) throw new Error("The service has no streams.");
    const requests = { [Symbol.asyncIterator]: () => incoming };
    try {
      const call = aCall(on, rpc.name, process.name, aborted.signal);
      for await (const response of rpc.handle(requests as never, call) as AsyncIterable<object>) {
        if (isOver) return;
        if (breaksNow(process)) return broke();
        const { input: _, output } = WorkerService.method.work;
        const message = sent(output, create(output, response));
        travel(process, () => {
          options.onResponse(message);
          client.emit("data", message);
        });
      }
      travel(process, () => {
        close();
        client.emit("end");
      });
    } catch (error) {
      if (isOver || !node.isAlive) return;
      const told = carried(error);
      travel(process, () => {
        close();
        client.emit("error", streamErrorOf(told));
      });
    }
  }

  client.write = (message) => {
    if (server === null || isOver) return false;
    if (breaksNow(server.process)) {
      broke();
      return false;
    }
    options.onRequest(message);
    const copy = sent(WorkerService.method.work.input, message);
    travel(server.process, () => incoming.push(copy));
    return true;
  };
  client.end = () => {
    if (server !== null) travel(server.process, () => incoming.finish(null));
  };
  client.cancel = () => {
    if (isOver) return;
    close();
    if (server !== null) machine.after(network.latency(), server.process, abandon);
  };

  if (server === null) {
    isOver = true;
    process.after(refusedMs, () => client.emit("error", streamErrorOf(unavailable)));
    return client;
  }
  ends.push(process.onDeath(broke), server.process.onDeath(broke));
  travel(server.process, () => void serve(server, server));
  travel(process, () => client.emit("metadata"));
  return client;
}
