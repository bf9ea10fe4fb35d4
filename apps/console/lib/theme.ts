/** The theme: the system's unless chosen; set on the root element before the first paint. */

export type Theme = "system" | "light" | "dark";

const storageKey = "millrace-theme";

/** Runs inline in the head, so that no page ever flashes in the wrong theme. Also follows the system later. */
export const themeScript = `(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const set = () => {
    let chosen = null;
    try { chosen = localStorage.getItem("${storageKey}"); } catch {}
    const isDark = chosen === "dark" || (chosen !== "light" && dark.matches);
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
  };
  set();
  dark.addEventListener("change", set);
  addEventListener("storage", set);
  addEventListener("millrace-theme", set);
})();`;

export function chosenTheme(): Theme {
  const stored = readStored();
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function chooseTheme(theme: Theme): void {
  try {
    if (theme === "system") localStorage.removeItem(storageKey);
    else localStorage.setItem(storageKey, theme);
  } catch (error) {
    // Storage can be forbidden; the choice then lasts as long as the page.
    if (!(error instanceof DOMException)) throw error;
    document.documentElement.dataset["theme"] = theme === "dark" ? "dark" : "light";
    return;
  }
  window.dispatchEvent(new Event(storageKey));
}

function readStored(): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return null;
  }
}
