/** What a timer can hold; longer times would end at once. */
const timerMaxMs = 2 ** 31 - 1;

/** Calls back once, after any time; also after months. Cancelled by what it returns. */
export function longTimeout(callback: () => void, ms: number): () => void {
  const endsAt = performance.now() + ms;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const left = endsAt - performance.now();
    timer = setTimeout(left > timerMaxMs ? arm : callback, Math.min(left, timerMaxMs));
  };
  arm();
  return () => clearTimeout(timer);
}
