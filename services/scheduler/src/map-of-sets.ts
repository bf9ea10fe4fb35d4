/** Maps from something to the things that belong to it; what has none has no entry. */

export function putIn<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const all = map.get(key);
  if (all === undefined) map.set(key, new Set([value]));
  else all.add(value);
}

export function cutFrom<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const all = map.get(key);
  all?.delete(value);
  if (all?.size === 0) map.delete(key);
}
