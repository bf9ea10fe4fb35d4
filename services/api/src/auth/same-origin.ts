/** Keeps other sites from acting with the console's cookie. */

import { MillraceError } from "@millrace/engine";
import type { HeaderReader } from "@millrace/service";

/**
 * Browsers say where a request comes from; what they say must be this very server. Programs that hold a cookie, such as
 * the console's own server, say nothing and are let through: they are nobody's browser.
 *
 * @throws MillraceError PERMISSION_DENIED
 */
export function assertSameOrigin(header: HeaderReader): void {
  const site = header("sec-fetch-site");
  const origin = header("origin");
  const isForeignSite = site !== undefined && site !== "same-origin" && site !== "none";
  const isForeignOrigin = origin !== undefined && hostOf(origin) !== header("host");
  if (isForeignSite || isForeignOrigin) {
    throw new MillraceError(
      "PERMISSION_DENIED",
      "The request comes from another site; the console's cookie is not for it.",
    );
  }
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
}
