/** Where to go after the login: only to a page of this console, whatever the link says. */
export function wayBack(next: string | readonly string[] | undefined): string {
  const home = "/dags";
  if (typeof next !== "string") return home;
  const base = "http://console.invalid";
  // A browser reads "\" as "/" and drops tabs and newlines, so the address it would open is what is judged.
  if (!URL.canParse(next, base) || !next.startsWith("/")) return home;
  const url = new URL(next, base);
  if (url.origin !== base || url.pathname === "/login" || url.pathname.startsWith("//"))
    return home;
  return url.pathname + url.search + url.hash;
}
