/** One connection for one purpose: migrations, set-up, tests. Product reads and writes go through `Database`. */

import { Client, type ClientConfig } from "pg";

import { unreachable } from "./errors.ts";

/** How long to wait for a connection before the server counts as unreachable. */
export const connectTimeoutMs = 10_000;

/**
 * Connects, runs the body and closes.
 *
 * @throws MillraceError DATABASE_UNREACHABLE
 */
export async function withClient<T>(
  url: string,
  body: (client: Client) => Promise<T>,
  config: ClientConfig = {},
): Promise<T> {
  const client = new Client({
    connectionString: url,
    application_name: "millrace",
    connectionTimeoutMillis: connectTimeoutMs,
    ...config,
  });
  // A connection lost while a query runs rejects that query; lost at any other moment there is nobody to tell.
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (error) {
    throw unreachable(url, error);
  }
  try {
    return await body(client);
  } finally {
    await client.end();
  }
}
