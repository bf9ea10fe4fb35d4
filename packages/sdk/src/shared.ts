/**
 * What several copies of this package share: a bundle carries one copy, the worker that loads it another.
 * Marks are `Symbol.for`, and state is on `globalThis`, so that both see the same.
 */

export function shared<T extends object>(name: string, make: () => T): T {
  const key = Symbol.for(`millrace.${name}`);
  const place = globalThis as unknown as Record<symbol, T | undefined>;
  return (place[key] ??= make());
}

/** Whether a value carries one of our marks, whichever copy of this package made it. */
export function isMarked<M extends symbol>(
  value: unknown,
  mark: M,
): value is Readonly<Record<M, unknown>> {
  return (
    (typeof value === "object" || typeof value === "function") && value !== null && mark in value
  );
}
