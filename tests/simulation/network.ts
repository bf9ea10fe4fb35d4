/** The network between processes: what is sent takes time, gets lost, comes twice or out of order, and stops at partitions. */

import type { Machine, VirtualProcess } from "./machine.ts";
import type { Random } from "./random.ts";

/** Probabilities for messages between nodes. Changed while the simulation runs. */
export type NetworkFaults = {
  lost: number;
  doubled: number;
  delayed: number;
  /** The longest delay, milliseconds. */
  delayMs: number;
};

export function noNetworkFaults(): NetworkFaults {
  return { lost: 0, doubled: 0, delayed: 0, delayMs: 0 };
}

export type Network = {
  readonly faults: NetworkFaults;
  /** A datagram: it may be lost, doubled, late and out of order. */
  send(from: VirtualProcess, to: VirtualProcess, arrive: () => void): void;
  /** How long a byte takes that is not lost: of connections, which keep their order by themselves. */
  latency(): number;
  /** Whether nothing goes from the one to the other just now. */
  isCut(from: VirtualProcess, to: VirtualProcess): boolean;
  /** Cuts one direction for so long. */
  cut(from: VirtualProcess, to: VirtualProcess, ms: number): void;
  heal(): void;
};

const latencyMs = { least: 0.05, most: 0.8 };

export function createNetwork(
  machine: Machine,
  random: Random,
  onFault: (kind: string) => void,
): Network {
  const faults = noNetworkFaults();
  const cuts = new Map<string, number>();

  const nameOf = (from: VirtualProcess, to: VirtualProcess) => `${from.name}>${to.name}`;

  function isCut(from: VirtualProcess, to: VirtualProcess): boolean {
    return (cuts.get(nameOf(from, to)) ?? 0) > machine.now;
  }

  const latency = () => random.between(latencyMs.least, latencyMs.most);

  function travel(to: VirtualProcess, arrive: () => void): void {
    const isLate = random.chance(faults.delayed);
    if (isLate) onFault("message.delayed");
    machine.after(latency() + (isLate ? random.between(1, faults.delayMs) : 0), to, arrive);
  }

  return {
    faults,
    latency,
    isCut,
    send(from, to, arrive) {
      if (isCut(from, to)) return onFault("message.cut");
      if (random.chance(faults.lost)) return onFault("message.lost");
      travel(to, arrive);
      if (!random.chance(faults.doubled)) return;
      onFault("message.doubled");
      travel(to, arrive);
    },
    cut(from, to, ms) {
      cuts.set(nameOf(from, to), machine.now + ms);
    },
    heal: () => cuts.clear(),
  };
}
