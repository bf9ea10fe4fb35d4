/** A worker's connection in the simulation, in the place of grpc-js. */

import {
  create,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { VirtualProcess } from "./machine.ts";
import { aCall, carried, errorOf, sent, unavailable, type Carried, type RpcServer } from "./rpc.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import { createStream, type ClientStream } from "./stream.ts";

type UnaryMethod = {
  readonly name: string;
  readonly localName: string;
  readonly input: DescMessage;
  readonly output: DescMessage;
};

/** How long a connection to nobody takes to fail. */
const refusedMs = 1;
const callTimeoutMs = 10_000;

export function createConnection(options: ConnectionOptions) {
  const { process, network, random, faults } = options;
  let server: RpcServer | null = null;

  /** The node it speaks with; another one once that is gone. */
  function current(): RpcServer | null {
    if (server?.process.isAlive === true) return server;
    const alive = options.servers();
    server = alive.length === 0 ? null : random.pick(alive);
    return server;
  }

  function call(
    method: UnaryMethod,
    request: MessageInitShape<DescMessage>,
    timeoutMs = callTimeoutMs,
  ): Promise<MessageShape<DescMessage>> {
    return new Promise((resolve, reject) => {
      const to = current();
      const ends: (() => void)[] = [];
      const over = (): void => {
        timer.cancel();
        for (const end of ends) end();
      };
      const fail = (error: Carried): void => {
        over();
        reject(errorOf(error));
      };
      const aborted = new AbortController();
      const timer = process.after(timeoutMs, () => {
        // The server hears that nobody waits any more.
        if (to !== null)
          process.machine.after(network.latency(), to.process, () => aborted.abort());
        fail(unavailable);
      });
      if (to === null) return void process.after(refusedMs, () => fail(unavailable));
      const message = sent(method.input, create(method.input, request));
      // A node that dies resets its connections.
      ends.push(
        to.process.onDeath(() => process.after(network.latency(), () => fail(unavailable))),
        process.onDeath(() => to.process.enter(() => aborted.abort())),
      );
      travel(process, to.process, faults.callLost, "call.lost", () => {
        carryOut(to, method, message, aborted.signal).then(
          (answer) =>
            travel(to.process, process, faults.answerLost, "answer.lost", () => {
              over();
              resolve(sent(method.output, answer));
            }),
          (error: unknown) =>
            travel(to.process, process, faults.answerLost, "answer.lost", () =>
              fail(carried(error)),
            ),
        );
      });
    });
  }

  function carryOut(
    to: RpcServer,
    method: UnaryMethod,
    message: MessageShape<DescMessage>,
    signal: AbortSignal,
  ): Promise<MessageShape<DescMessage>> {
    const rpc = to.service.methods.find(({ desc }) => desc.localName === method.localName);
    if (rpc === undefined) throw new Error(`No handler of ${method.name}`);
    const answer = rpc.handle(message as never, aCall(to, rpc.name, process.name, signal));
    return (answer as Promise<MessageInitShape<DescMessage>>).then((init) =>
      create(method.output, init),
    );
  }

  function travel(
    from: VirtualProcess,
    to: VirtualProcess,
    lost: number,
    kind: string,
    arrive: () => void,
  ): void {
    if (network.isCut(from, to)) return options.onFault("call.cut");
    if (random.chance(lost)) return options.onFault(kind);
    process.machine.after(network.latency(), to, arrive);
  }

  return {
    call,
    work: (): ClientStream => createStream({ ...options, server: current() }),
    download(): never {
      throw new Error("Simulated workers load no bundles.");
    },
    close: () => undefined,
    /** The next call goes to another node. */
    move: () => void (server = null),
  };
}
