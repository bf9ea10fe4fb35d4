/** A task that does nothing: a place for others to meet. */

import { task } from "@millrace/sdk";
import type { Handle, TaskOptions } from "@millrace/sdk";

/**
 * Makes a node that does nothing: where many tasks go on to many, it stands between them.
 *
 * @param options its id, or options with one.
 * @example chain([a, b, c], empty("all_there"), [d, e, f])
 */
export function empty(options: string | (TaskOptions & { readonly id: string })): Handle<void> {
  return task(typeof options === "string" ? { id: options } : options, doNothing)();
}

function doNothing(): void {}
