/** Order without data: what may stand before and after something. */

export const orderMark: unique symbol = Symbol.for("millrace.order");

/** Where order is noted down. */
export interface OrderBook {
  /** Everything of `from` runs before everything of `to`. */
  order(from: OrderKey, to: OrderKey): void;
}

/** What was wired while a function ran: calls, and cases of branches, from `start` up to, without, `end`. */
export type Region = {
  readonly start: number;
  readonly end: number;
  readonly choices: { readonly start: number; readonly end: number };
};

/** Something with a place: `borders.ts` says with which of its tasks it begins and ends. */
export type OrderKey = {
  /** The wiring that made it; order reaches no further. */
  readonly wiring: OrderBook;
  /** For messages. */
  readonly id: string;
} & (
  | { readonly kind: "task" }
  | { readonly kind: "group" }
  /** What one function wired, without a name of its own. */
  | { readonly kind: "region"; readonly region: Region }
  /** A task and what it decides about, or prepares for. */
  | {
      readonly kind: "block";
      readonly entry: string;
      /** An empty one is left at once: then the entry is an end of the block. */
      readonly parts: readonly OrderKey[];
      /** Whether only some of the parts run: what follows must not wait for the success of all. */
      readonly isChoice: boolean;
    }
);

/** Something with a place in the order of a DAG: a handle, or a group that returned nothing. */
export interface Ordered {
  readonly [orderMark]: OrderKey;
  /** Runs this before each of those. Returns this. */
  before(...later: readonly Ordered[]): this;
  /** Runs this after each of those. Returns this. */
  after(...earlier: readonly Ordered[]): this;
}

/** The part of an object that makes it `Ordered`. */
export function makeOrdered(key: OrderKey): Ordered {
  return {
    [orderMark]: key,
    before(...later) {
      for (const one of later) key.wiring.order(key, one[orderMark]);
      return this;
    },
    after(...earlier) {
      for (const one of earlier) key.wiring.order(one[orderMark], key);
      return this;
    },
  };
}
