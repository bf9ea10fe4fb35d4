/** The runs of a DAG that wait to be started, oldest first. Those whose concurrency key another run has are parked by it. */

export type RunLine<Run> = {
  /** All of them, parked or not. */
  readonly size: number;
  has(runKey: number): boolean;
  get(runKey: number): Run | undefined;
  /** Puts it at the end, or in its place if it waits already. */
  set(runKey: number, run: Run): void;
  delete(runKey: number): void;
  clear(): void;
  values(): Iterable<Run>;
  /** Those that are not parked, those that were first. May be changed meanwhile. */
  entries(): Iterable<[number, Run]>;
  park(runKey: number, concurrencyKey: string): void;
  /** The first that is parked by a key is parked no more. */
  unpark(concurrencyKey: string): void;
  /** What a run is parked by; null when it is not. */
  keyOf(runKey: number): string | null;
  /** Runs that are parked by a key, in order. */
  parkedBy(concurrencyKey: string): number[];
};

export function createRunLine<Run>(): RunLine<Run> {
  const open = new Map<number, Run>();
  /** They waited for longer than those in `open`. */
  const woken = new Map<number, Run>();
  const parked = new Map<number, { readonly run: Run; readonly key: string }>();
  const byKey = new Map<string, Set<number>>();

  function leaveKey(runKey: number): void {
    const key = parked.get(runKey)?.key;
    if (key === undefined) return;
    const keys = byKey.get(key);
    keys?.delete(runKey);
    if (keys?.size === 0) byKey.delete(key);
    parked.delete(runKey);
  }

  return {
    get size() {
      return open.size + woken.size + parked.size;
    },
    has: (runKey) => open.has(runKey) || woken.has(runKey) || parked.has(runKey),
    get: (runKey) => open.get(runKey) ?? woken.get(runKey) ?? parked.get(runKey)?.run,
    set(runKey, run) {
      const known = parked.get(runKey);
      if (known !== undefined) parked.set(runKey, { ...known, run });
      else if (woken.has(runKey)) woken.set(runKey, run);
      else open.set(runKey, run);
    },
    delete(runKey) {
      open.delete(runKey);
      woken.delete(runKey);
      leaveKey(runKey);
    },
    clear() {
      open.clear();
      woken.clear();
      parked.clear();
      byKey.clear();
    },
    *values() {
      for (const { run } of parked.values()) yield run;
      yield* woken.values();
      yield* open.values();
    },
    *entries() {
      yield* woken;
      yield* open;
    },
    park(runKey, key) {
      const run = open.get(runKey) ?? woken.get(runKey);
      if (run === undefined) return;
      open.delete(runKey);
      woken.delete(runKey);
      parked.set(runKey, { run, key });
      const keys = byKey.get(key);
      if (keys === undefined) byKey.set(key, new Set([runKey]));
      else keys.add(runKey);
    },
    unpark(key) {
      const [first] = byKey.get(key) ?? [];
      const known = first === undefined ? undefined : parked.get(first);
      if (first === undefined || known === undefined) return;
      leaveKey(first);
      woken.set(first, known.run);
    },
    keyOf: (runKey) => parked.get(runKey)?.key ?? null,
    parkedBy: (key) => [...(byKey.get(key) ?? [])],
  };
}
