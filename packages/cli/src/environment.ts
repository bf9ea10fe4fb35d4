/** The environment variables that the client side of the command reads; servers read theirs through their config. */
export type CliEnvironment = {
  readonly url: string | undefined;
  readonly key: string | undefined;
  readonly stateDir: string | undefined;
};

export function cliEnvironment(): CliEnvironment {
  return {
    url: process.env["MILLRACE_URL"],
    key: process.env["MILLRACE_KEY"],
    stateDir: process.env["MILLRACE_STATE_DIR"],
  };
}
