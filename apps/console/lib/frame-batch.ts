/** Hands over everything that arrived since the last frame at once, so that a burst costs one render. */
export function frameBatch<T>(deliver: (items: readonly T[]) => void) {
  let items: T[] = [];
  let frame = 0;
  const flush = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    if (items.length === 0) return;
    const batch = items;
    items = [];
    deliver(batch);
  };
  return {
    add(item: T): void {
      items.push(item);
      if (frame === 0) frame = requestAnimationFrame(flush);
    },
    flush,
  };
}
