/** What a client needs to make calls, loaded at the first one: DAG files import the client without its weight. */

type Loaded = Awaited<ReturnType<typeof load>>;

/** Gives the same connection each time. */
export type Link = () => Promise<Loaded>;

export function makeLink(url: string, key: string): Link {
  let loaded: Promise<Loaded> | undefined;
  return () => (loaded ??= load(url, key));
}

async function load(url: string, key: string) {
  const { answered, openConnection, paged, streamed } = await import("./connection.ts");
  const { readDag, readRun, readTask } = await import("./read-messages.ts");
  const { timestampOf } = await import("@millrace/wire");
  const connection = openConnection(url, key);
  return { connection, answered, paged, streamed, readDag, readRun, readTask, timestampOf };
}
