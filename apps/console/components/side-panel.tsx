"use client";
import { useEffect, useState } from "react";
import type { KeyboardEvent, PointerEvent, ReactNode } from "react";

const widthKey = "millrace-panel-width";
const widthDefault = 520;
const widthMin = 340;
/** What stays for the page beside the panel. */
const pageWidthMin = 380;
const keyStep = 32;

type Props = { readonly label: string; readonly children: ReactNode };

/** Details at the right, as wide as the person left it; on a small screen a sheet over the page. */
export function SidePanel({ label, children }: Props) {
  const [width, setWidth] = useState(widthDefault);
  useEffect(() => {
    const stored = Number(localStorage.getItem(widthKey));
    if (stored >= widthMin) setWidth(stored);
  }, []);
  const resize = (wanted: number) => {
    const width = Math.round(
      Math.max(widthMin, Math.min(wanted, window.innerWidth - pageWidthMin)),
    );
    setWidth(width);
    localStorage.setItem(widthKey, String(width));
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) {
      resize(window.innerWidth - event.clientX);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowLeft") resize(width + keyStep);
    if (event.key === "ArrowRight") resize(width - keyStep);
  };
  return (
    <aside
      aria-label={label}
      className="fixed inset-0 z-40 flex flex-col bg-bg lg:relative lg:inset-auto lg:z-auto lg:w-(--panel-width) lg:max-w-[calc(100vw-560px)] lg:shrink-0 lg:border-l lg:border-line"
      style={{ "--panel-width": `${width}px` }}
    >
      <div
        role="separator"
        tabIndex={0}
        aria-orientation="vertical"
        aria-label="Width of the details"
        aria-valuenow={width}
        aria-valuemin={widthMin}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={onPointerMove}
        onKeyDown={onKeyDown}
        className="absolute inset-y-0 -left-1 z-10 hidden w-2 cursor-col-resize touch-none hover:bg-accent/25 lg:block"
      />
      {children}
    </aside>
  );
}
