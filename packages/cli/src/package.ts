/** What this package says of itself. */
import { readFileSync } from "node:fs";

/** The version in the package.json beside the source or the built file. */
export function cliVersion(): string {
  const manifest = new URL("../package.json", import.meta.url);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}
