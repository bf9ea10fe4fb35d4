/** Finds the functions of bundles in this thread or process; each bundle is imported once. */

import { pathToFileURL } from "node:url";
import { loadHandler } from "../bundle/handler.ts";
import { provideSdk } from "../bundle/sdk-module.ts";
import type { Body } from "../wiring.ts";
import type { Work } from "./messages.ts";

export function createBodyLoader(): (work: Work) => Body | Promise<Body> {
  process.setSourceMapsEnabled(true);
  provideSdk();
  const modules = new Map<string, Promise<unknown>>();
  const bodies = new Map<string, Body>();

  const load = async (path: string, handler: string, key: string): Promise<Body> => {
    let module = modules.get(path);
    if (module === undefined) {
      module = import(/* @vite-ignore */ pathToFileURL(path).href);
      modules.set(path, module);
    }
    const body = await loadHandler(await module, handler);
    bodies.set(key, body);
    return body;
  };
  return ({ bundlePath, handler }) => {
    if (bundlePath === null) throw new Error(`The handler "${handler}" is not of a bundle`);
    const key = `${bundlePath}#${handler}`;
    return bodies.get(key) ?? load(bundlePath, handler, key);
  };
}
