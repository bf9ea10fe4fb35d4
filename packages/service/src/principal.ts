/** Who is calling. */

/** Roles of this version; more follow, so compare with a role and never with its absence. */
export type Role = "admin" | "worker";

export type Principal = {
  readonly kind: "anonymous" | "api_key" | "worker_key" | "console_session";
  /** Such as `admin`; empty for anonymous. */
  readonly name: string;
  /** Null for anonymous. */
  readonly role: Role | null;
  /** The credential's row; null for anonymous. */
  readonly credentialId: number | null;
  /** Queues that a worker key is limited to; null means all. */
  readonly queues: readonly string[] | null;
};

export const anonymous: Principal = {
  kind: "anonymous",
  name: "",
  role: null,
  credentialId: null,
  queues: null,
};

/** The principal in rows and messages, such as `user:admin` or `worker:worker`. */
export function principalLabel(principal: Principal): string {
  if (principal.role === null) return "anonymous";
  return `${principal.role === "worker" ? "worker" : "user"}:${principal.name}`;
}
