/** `@millrace/sdk/bundle`: from a folder of DAG files to specs and a bundle. For CLIs, workers and tests. */

export { compileFolder } from "./compile-folder.ts";
export type { CompiledFolder, CompileOptions, ImportError } from "./compile-folder.ts";
export { loadDags } from "./load-dags.ts";
export type { LoadedDag, LoadedDags } from "./load-dags.ts";
export { watchFolder } from "./watch-folder.ts";
export { registerFolder } from "./register.ts";
export type { RegisterOptions } from "./register.ts";
export { handlerOf, loadHandler } from "./handler.ts";
export { provideSdk } from "./sdk-module.ts";
