/** How long anything may take before a test says what it was waiting for. */
const waitLimitMs = 60_000;
const lookEveryMs = 25;

/** Looks until it holds; a failure names what was waited for. */
export async function waitFor<T>(
  what: string,
  look: () => T | Promise<T>,
  limitMs = waitLimitMs,
): Promise<NonNullable<T>> {
  const until = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > until) throw new Error(`Waited ${limitMs} ms for ${what}, in vain.`);
    await new Promise((done) => setTimeout(done, lookEveryMs));
  }
}
