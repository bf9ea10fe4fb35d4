"use client";
import { useEffect, useState } from "react";

/**
 * A hidden tab gives its streams back after this long: over HTTP/1.1 a browser opens six connections to one server for
 * all tabs together, so tabs left open in the background would starve the one being looked at.
 */
const hiddenGraceMs = 10_000;

/** False once the page has been hidden for a while; true again at once when it is shown. */
export function usePageVisible(): boolean {
  const [isVisible, setVisible] = useState(true);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      clearTimeout(timer);
      if (document.visibilityState === "visible") setVisible(true);
      else timer = setTimeout(() => setVisible(false), hiddenGraceMs);
    };
    document.addEventListener("visibilitychange", look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
  return isVisible;
}
