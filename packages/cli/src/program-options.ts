/** The options that every command takes. */
import type { Command } from "commander";
import { connect, type Connection, type ConnectionOptions } from "./connection.ts";

export type GlobalOptions = ConnectionOptions & { readonly json: boolean };

export function globalOptions(command: Command): GlobalOptions {
  const { json, url, keyFile } = command.optsWithGlobals<{
    json?: boolean;
    url?: string;
    keyFile?: string;
  }>();
  return { json: json ?? false, ...(url && { url }), ...(keyFile && { keyFile }) };
}

/** What nearly every command begins with: the clients that its options lead to, and whether it is to print JSON. */
export async function reach(
  command: Command,
): Promise<{ readonly client: Connection; readonly json: boolean }> {
  const { json, ...connection } = globalOptions(command);
  return { json, client: await connect(connection) };
}
