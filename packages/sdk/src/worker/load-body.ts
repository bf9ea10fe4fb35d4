/** Finds the functions of bundles in this thread or process; each bundle is imported once. */

import { pathToFileURL } from "node:url";
import { loadHandler } from "../bundle/handler.ts";
import type { TaskCode } from "../wiring/code-of.ts";
import { provideSdk } from "../bundle/sdk-module.ts";
import type { Work } from "./messages.ts";

export function createCodeLoader(): (work: Work) => TaskCode | Promise<TaskCode> {
  process.setSourceMapsEnabled(true);
  provideSdk();
  const modules = new Map<string, Promise<unknown>>();
  const codes = new Map<string, TaskCode>();

  const load = async (path: string, handler: string, key: string): Promise<TaskCode> => {
    let module = modules.get(path);
    if (module === undefined) {
      module = import(/* @vite-ignore */ pathToFileURL(path).href);
      modules.set(path, module);
    }
    const code = await loadHandler(await module, handler);
    codes.set(key, code);
    return code;
  };
  return ({ bundlePath, handler }) => {
    if (bundlePath === null) throw new Error(`The handler "${handler}" is not of a bundle`);
    const key = `${bundlePath}#${handler}`;
    return codes.get(key) ?? load(bundlePath, handler, key);
  };
}
