/** Ready-made tasks, built only on the SDK. */

export { shell } from "./shell.ts";
export type { ShellOptions } from "./shell.ts";
