/** Liquid with limits: for templates of people who write DAGs, over values of people who trigger them. */

import { Liquid } from "liquidjs";

/** Characters of a template. */
const templateMax = 64 * 1024;

/** Milliseconds one rendering may take. */
const renderMs = 1000;

/** Characters and list elements one rendering may make. */
const renderMemoryMax = 1_000_000;

/** @param outputEscape what is done to values that no filter says is safe; default nothing. */
export function limitedLiquid(outputEscape?: "escape" | ((value: unknown) => string)): Liquid {
  return new Liquid({
    ownPropertyOnly: true,
    strictVariables: true,
    strictFilters: true,
    parseLimit: templateMax,
    renderLimit: renderMs,
    memoryLimit: renderMemoryMax,
    timezoneOffset: 0,
    // No other templates exist: include, render and layout find nothing, and no file is ever read.
    templates: {},
    ...(outputEscape !== undefined && { outputEscape }),
  });
}
