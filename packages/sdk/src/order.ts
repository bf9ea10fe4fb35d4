/** Order without data: what may stand before and after something. */

export const orderMark: unique symbol = Symbol.for("millrace.order");

/** Where order is noted down. */
export interface OrderBook {
  /** Everything of `from` runs before everything of `to`. */
  order(from: OrderKey, to: OrderKey): void;
}

/** A task, or a group: then its roots wait, and what follows waits for its leaves. */
export type OrderKey = {
  readonly kind: "task" | "group";
  readonly id: string;
  /** The wiring that made it; order reaches no further. */
  readonly wiring: OrderBook;
};

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
