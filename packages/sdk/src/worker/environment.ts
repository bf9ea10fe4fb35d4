/** Names that belong to Millrace's own processes; code of users never sees them. */
const privateNames = /^(MILLRACE_.*|DATABASE_URL|NATS_URL)$/;

/** The environment that code of users gets: the process's, without what is Millrace's own. */
export function bodyEnvironment(): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !privateNames.test(name)) own[name] = value;
  }
  return own;
}
