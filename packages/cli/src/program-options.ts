/** The options that every command takes. */
import type { Command } from "commander";
import type { ConnectionOptions } from "./connection.ts";

export type GlobalOptions = ConnectionOptions & { readonly json: boolean };

export function globalOptions(command: Command): GlobalOptions {
  const { json, url, keyFile } = command.optsWithGlobals<{
    json?: boolean;
    url?: string;
    keyFile?: string;
  }>();
  return { json: json ?? false, ...(url && { url }), ...(keyFile && { keyFile }) };
}
