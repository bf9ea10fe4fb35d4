/**
 * A bus over the simulated network. Within a node it is the product's own local bus, as the product's NATS bus does it;
 * between nodes messages travel, and all that may go wrong with them does.
 */

import { BusUnavailable, createLocalBus, type Bus } from "@millrace/bus";
import type { VirtualProcess } from "./machine.ts";
import type { Network } from "./network.ts";

type Member = {
  readonly process: VirtualProcess;
  readonly local: Bus;
  readonly responders: Set<string>;
};

export type Exchange = {
  /** The bus of a process. It leaves when the process dies. */
  join(process: VirtualProcess): Bus;
};

/** How long a server of NATS takes to say that nobody responds. */
const noResponderMs = 1;

export function createExchange(network: Network): Exchange {
  const members = new Map<VirtualProcess, Member>();

  function others({ process }: Member): Member[] {
    return [...members.values()].filter((each) => each.process !== process);
  }

  function publish(from: Member, subject: string, data: Uint8Array): void {
    from.local.publish(subject, data);
    for (const to of others(from)) {
      network.send(from.process, to.process, () => to.local.publish(subject, data));
    }
  }

  function request(from: Member, subject: string, data: Uint8Array, timeoutMs: number) {
    if (from.responders.has(subject)) return from.local.request(subject, data, { timeoutMs });
    return new Promise<Uint8Array>((resolve, reject) => {
      const { process } = from;
      const fail = (why: string): void => {
        timer.cancel();
        reject(new BusUnavailable(subject, why));
      };
      const timer = process.after(timeoutMs, () => fail(`none came within ${timeoutMs} ms`));
      const to = others(from).find(({ responders }) => responders.has(subject));
      if (to === undefined) {
        process.after(noResponderMs, () => fail("nobody responds to it"));
        return;
      }
      network.send(process, to.process, () => {
        const reply = (settle: () => void): void => network.send(to.process, process, settle);
        to.local.request(subject, data, { timeoutMs }).then(
          (answer) =>
            reply(() => {
              timer.cancel();
              resolve(answer);
            }),
          () => reply(() => fail("its responder failed")),
        );
      });
    });
  }

  return {
    join(process) {
      const local = createLocalBus(process.name);
      const member: Member = { process, local, responders: new Set() };
      members.set(process, member);
      process.onDeath(() => void members.delete(process));
      return {
        nodeId: process.name,
        publish: (subject, data) => publish(member, subject, data),
        subscribe: (pattern, handler) => local.subscribe(pattern, handler),
        request: (subject, data, { timeoutMs }) => request(member, subject, data, timeoutMs),
        respond(subject, handler) {
          const subscription = local.respond(subject, handler);
          member.responders.add(subject);
          return {
            close() {
              member.responders.delete(subject);
              subscription.close();
            },
          };
        },
        status: () => ({ kind: "nats", connected: true }),
        async close() {
          members.delete(process);
          await local.close();
        },
      };
    },
  };
}
