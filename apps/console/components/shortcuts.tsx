"use client";
import { useRouter } from "next/navigation";
import { useEffect } from "react";

/** After `g`, the next key within this time names a place. */
const chordMs = 1_200;

const places: Readonly<Record<string, string>> = {
  d: "/dags",
  r: "/runs",
  a: "/assets",
  b: "/backfills",
  i: "/inputs",
  n: "/dependencies",
  p: "/pools",
  w: "/workers",
};

/** Keys that work everywhere but in inputs: `/` to the search, `g d`, `g r`, `g n`, `g b`, `g a`, `g i`, `g p`, `g w` to the places. */
export function Shortcuts() {
  const router = useRouter();
  useEffect(() => {
    let chordUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const now = event.timeStamp;
      if (event.key === "/") {
        const search = document.querySelector<HTMLInputElement>("[data-page-search]");
        if (search === null) return;
        event.preventDefault();
        search.focus();
        search.select();
        return;
      }
      const place = now < chordUntil ? places[event.key] : undefined;
      chordUntil = event.key === "g" ? now + chordMs : 0;
      if (place !== undefined) router.push(place);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [router]);
  return null;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}
