/** Lets a number of things happen at a time; others wait in the order in which they came. */

type Waiting = { readonly begin: () => Promise<void>; isGone: boolean };

export class Gate {
  readonly #atOnceMax: number;
  #busy = 0;
  #line: Waiting[] = [];
  /** Where the line begins: taking from the front of a long list would cost its length each time. */
  #head = 0;

  constructor(atOnceMax: number) {
    this.#atOnceMax = atOnceMax;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#line.length - this.#head;
  }

  /**
   * Begins as soon as there is room, perhaps at once.
   *
   * @param begin must not reject.
   * @returns leaves the line; without effect once it has begun.
   */
  enter(begin: () => Promise<void>): () => void {
    const waiting: Waiting = { begin, isGone: false };
    this.#line.push(waiting);
    this.#next();
    return () => (waiting.isGone = true);
  }

  #next(): void {
    while (this.#busy < this.#atOnceMax && this.#head < this.#line.length) {
      const { begin, isGone } = this.#line[this.#head++]!;
      if (this.#head === this.#line.length) {
        this.#line = [];
        this.#head = 0;
      }
      if (isGone) continue;
      this.#busy++;
      void begin().finally(() => {
        this.#busy--;
        this.#next();
      });
    }
  }
}
