export type StartConsoleOptions = {
  /** 0 takes a free port, which the answer names. Default 0. */
  readonly port?: number;
  /** Default 127.0.0.1: only Millrace's own HTTP server is meant to reach it. */
  readonly hostname?: string;
};

/** Starts the built console; resolves once it answers. Throws when the port is taken or nothing was built. */
export function startConsole(
  options?: StartConsoleOptions,
): Promise<{ readonly port: number; stop(): Promise<void> }>;
