"use client";
import { useEffect } from "react";
import type { Look, StateFace } from "./states.ts";

/** Marks for the browser's tab: a letter-like shape for each look, since 16 px leave no room for the icons. */
const marks: Readonly<Partial<Record<Look, string>>> = {
  success: `<path d="M9 17l5 5 10-12"/>`,
  failed: `<path d="M10 10l12 12M22 10L10 22"/>`,
  cancelled: `<path d="M9 23L23 9"/>`,
  running: `<path d="M12 9l10 7-10 7z" fill="#fff"/>`,
};
const colors: Readonly<Partial<Record<Look, string>>> = {
  success: "#0D7E5A",
  failed: "#B7261B",
  cancelled: "#55606E",
  running: "#2136C8",
};

/** While the page is open, title and icon of the tab carry the state. */
export function useStateInTab({ look, label }: StateFace, name: string): void {
  useEffect(() => {
    const before = document.title;
    document.title = `${label} · ${name} · Millrace`;
    return () => {
      document.title = before;
    };
  }, [label, name]);

  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>("link[rel='icon']");
    if (icon === null) return undefined;
    const before = icon.href;
    const mark = marks[look] ?? `<path d="M12 10v12M20 10v12"/>`;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="${colors[look] ?? "#727687"}"/><g fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" stroke-linejoin="round">${mark}</g></svg>`;
    icon.href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
    return () => {
      icon.href = before;
    };
  }, [look]);
}
