/** What tests of this package, and of those built on it, take from the environment. */

/** The server that test databases are made on; unset when each process starts its own. */
export const testDatabaseUrlVariable = "MILLRACE_TEST_DATABASE_URL";

/** Which server the global set-up starts: `system` for the newest that the system has installed, else the embedded one. */
export function isSystemServerWanted(): boolean {
  return process.env["MILLRACE_TEST_POSTGRES"] === "system";
}

export function configuredTestServer(): string | null {
  const url = process.env[testDatabaseUrlVariable];
  return url === undefined || url === "" ? null : url;
}

/** For processes started later, such as the runner's workers. */
export function announceTestServer(url: string | null): void {
  if (url === null) delete process.env[testDatabaseUrlVariable];
  else process.env[testDatabaseUrlVariable] = url;
}
