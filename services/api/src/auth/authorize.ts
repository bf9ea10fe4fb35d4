/** The one function that decides whether a call may go on. */

import { MillraceError } from "@millrace/engine";
import type { Principal } from "@millrace/service";
import { rules } from "./rules.ts";

/**
 * Decides by the rule of the method. `ids` are the objects the request names; rules by DAG will read them.
 *
 * @throws MillraceError UNAUTHENTICATED for callers without a credential, PERMISSION_DENIED for others.
 */
export function authorize(
  principal: Principal,
  method: string,
  ids: Readonly<Record<string, string>>,
): void {
  const rule = Object.hasOwn(rules, method) ? rules[method] : undefined;
  if (rule?.kind === "public" || rule?.kind === "by_token") return;
  if (principal.role === null) throw new MillraceError("UNAUTHENTICATED");
  if (rule?.kind === "anyone_known") return;
  if (rule?.kind === "roles" && rule.roles.includes(principal.role)) return;
  throw new MillraceError(
    "PERMISSION_DENIED",
    `The role ${principal.role} does not allow ${method}.`,
    {
      metadata: { method, role: principal.role, ...ids },
    },
  );
}
