/** Grants soon after something may have become grantable, at most once a turn of the event loop. */

import type { Owner } from "../owner.ts";
import { grantReady, returnUnusedSlots } from "./grants.ts";

export type Pump = {
  /** Asks for a turn. */
  kick(): void;
  /** Has the turn that was asked for at once: a flush is about to leave, and grants should go with it. */
  runKicked(): void;
  /** Slots have just been asked for, and nothing has come since. */
  readonly isAsking: boolean;
  stop(): void;
};

export function createPump(owner: () => Owner): Pump {
  let isKicked = false;
  let isAsking = false;
  let isStopped = false;

  function turn(): void {
    if (isStopped || !isKicked) return;
    isKicked = false;
    if (grantReady(owner())) return kick();
    returnUnusedSlots(owner());
    if (owner().queue.hasGates()) owner().poolTender.tend();
    isAsking = owner().demand.tell();
  }

  function kick(): void {
    isAsking = false;
    if (isKicked) return;
    isKicked = true;
    // A turn of its own: what else arrived meanwhile is granted with it.
    setImmediate(turn);
  }

  return {
    kick,
    runKicked: turn,
    get isAsking() {
      return isAsking;
    },
    stop: () => void (isStopped = true),
  };
}
