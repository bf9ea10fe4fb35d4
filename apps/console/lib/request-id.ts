/** A new id for a call that changes something; a repeat of the same call reuses it, so that it happens once. */
export function newRequestId(): string {
  // randomUUID exists only in secure contexts, and a console may be served by plain HTTP inside a network.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
