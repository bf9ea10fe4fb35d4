/** Which slice of the DAGs a DAG belongs to. */

/** Slices of all DAGs; each has one owner at a time. Part of the stored data: never changes. */
export const shardCount = 64;

/** The shard of a DAG: FNV-1a (32 bit) of its id, modulo 64. Ids are ASCII, so code units are bytes. */
export function shardOf(dagId: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < dagId.length; at += 1) {
    hash = Math.imul(hash ^ dagId.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0) % shardCount;
}
