/** The environment of commands: that of the body, which holds nothing of Millrace's own, and what the task adds. */

export function commandEnvironment(added: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...added };
}

export function environmentVariable(name: string): string | undefined {
  return process.env[name];
}
