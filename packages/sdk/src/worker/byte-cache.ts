/** Bytes by key, within a limit; what was wanted longest ago goes first. */
export class ByteCache {
  readonly #kept = new Map<string, Uint8Array>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Uint8Array | undefined {
    const data = this.#kept.get(key);
    if (data === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, data);
    return data;
  }

  /** What is longer than the limit is not kept. */
  put(key: string, data: Uint8Array): void {
    this.#drop(key);
    if (data.length > this.#bytesMax) return;
    this.#kept.set(key, data);
    this.#bytes += data.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#kept.get(key)?.length ?? 0;
    this.#kept.delete(key);
  }
}
