/** What ids of DAGs, tasks, groups and queues may be. */

import { dagLimits } from "./dag-limits.ts";

const idSyntax = /^[A-Za-z0-9_.-]+$/;

export const idRule = `an id has 1 to ${dagLimits.idLength} characters of A-Z a-z 0-9 _ - .`;

export const queueRule = idRule.replace("an id", "a queue");

export function isId(id: string): boolean {
  return id.length <= dagLimits.idLength && idSyntax.test(id);
}
