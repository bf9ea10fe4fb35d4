"use client";
import { ChevronLeft, ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { formatCount } from "../lib/format.ts";
import type { Pages } from "../lib/use-pages.ts";
import { Button } from "./button.tsx";

type Props = {
  readonly label: string;
  readonly pages: Pages;
  /** Of the page after this one; empty on the last. */
  readonly next: string;
  /** The page shown is the one before: this one is on its way. */
  readonly isOld: boolean;
  /** What is on the page. */
  readonly children?: ReactNode;
  readonly className?: string;
};

/** From page to page of a list. */
export function Pager({ label, pages, next, isOld, children, className = "py-2" }: Props) {
  return (
    <nav aria-label={label} className={`flex items-center gap-2 ${className}`}>
      <span aria-live="polite" className="flex-1 text-dense text-muted">
        {children}
      </span>
      <Button disabled={pages.number === 1} onClick={pages.back}>
        <ChevronLeft size={14} aria-hidden /> Previous
      </Button>
      <span className="text-dense text-muted">Page {formatCount(pages.number)}</span>
      <Button disabled={next === "" || isOld} onClick={() => pages.forward(next)}>
        Next <ChevronRight size={14} aria-hidden />
      </Button>
    </nav>
  );
}
