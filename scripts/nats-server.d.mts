/** The path of a nats-server on this machine. Throws, with what to run, when there is none. */
export function findNatsServer(): Promise<string>;
/** The path of a nats-server, installed if there was none. Throws, with what to run, when it cannot be. */
export function installNatsServer(say?: (line: string) => void): Promise<string>;
