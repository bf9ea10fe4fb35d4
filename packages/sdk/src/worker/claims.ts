/**
 * Who begins an attempt: the thread it was sent to, or nobody because it was taken back. A message in the queue of a
 * thread that is blocked cannot be recalled; a cell both sides see decides instead, and only one of them gets it.
 */

export class Claims {
  readonly buffer: SharedArrayBuffer;
  readonly #cells: Int32Array;
  readonly #free: number[] = [];
  #serial = 0;

  /** @param cells how many attempts the thread may hold. */
  constructor(cells: number) {
    this.buffer = new SharedArrayBuffer(cells * Int32Array.BYTES_PER_ELEMENT);
    this.#cells = new Int32Array(this.buffer);
    for (let cell = this.#cells.length - 1; cell >= 0; cell--) this.#free.push(cell);
  }

  /** Allows one attempt to begin. Null when the thread holds as many as it can. */
  offer(): { cell: number; serial: number } | null {
    const cell = this.#free.pop();
    if (cell === undefined) return null;
    this.#serial = (this.#serial % 0x7fff_fffe) + 1;
    Atomics.store(this.#cells, cell, this.#serial);
    return { cell, serial: this.#serial };
  }

  /** Takes the permission back. False when the attempt has begun. */
  takeBack({ cell, serial }: { cell: number; serial: number }): boolean {
    const isMine = Atomics.compareExchange(this.#cells, cell, serial, 0) === serial;
    if (isMine) this.#free.push(cell);
    return isMine;
  }

  /** Frees the cell of an attempt that has ended. */
  release({ cell }: { cell: number }): void {
    this.#free.push(cell);
  }
}

/** In the thread: whether the attempt may begin. Also right for a message whose cell has since gone to another attempt. */
export function claim(cells: Int32Array, cell: number, serial: number): boolean {
  return cell < 0 || Atomics.compareExchange(cells, cell, serial, -serial) === serial;
}
