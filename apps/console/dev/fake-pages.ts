/** A page of a list; the token is where to go on. */
export function pageOf<T>(all: readonly T[], size: number, token: string) {
  const from = Number(token || "0");
  const to = from + (size || 50);
  return { items: all.slice(from, to), next: to < all.length ? String(to) : "" };
}
