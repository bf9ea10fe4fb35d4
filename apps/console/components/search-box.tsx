"use client";
import { Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useUrlState } from "../lib/use-url-state.ts";

/** Typing is sent on after a moment of rest. */
const restMs = 180;

type Props = {
  readonly label: string;
  readonly placeholder: string;
};

/** What a list is searched for, in the address as `q`. The key "/" leads to it. */
export function SearchBox({ label, placeholder }: Props) {
  const [params, setParams] = useUrlState();
  const search = params.get("q") ?? "";
  const [typed, setTyped] = useState(search);
  /** What the address said last, and what was sent to it since, oldest first. */
  const sent = useRef([search]);
  useEffect(() => {
    const timer = setTimeout(() => {
      const q = typed.trim();
      if (q !== sent.current.at(-1)) sent.current.push(q);
      setParams({ q });
    }, restMs);
    return () => clearTimeout(timer);
  }, [typed, setParams]);
  useEffect(() => {
    // Of what was sent the page hears late, when more may have been typed, and the address goes back to it for a moment.
    const heard = sent.current.indexOf(search);
    if (heard >= 0) return void sent.current.splice(0, heard);
    // The address can change by itself: Back, or "clear the filter".
    sent.current = [search];
    setTyped(search);
  }, [search]);
  return (
    <div className="relative w-full sm:w-72">
      <Search
        size={15}
        aria-hidden
        className="absolute top-1/2 left-2.5 -translate-y-1/2 text-muted"
      />
      <input
        type="search"
        data-page-search
        aria-label={label}
        placeholder={`${placeholder}  ( / )`}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        className="h-7 w-full rounded-control border border-line-strong/50 bg-bg pr-2 pl-8"
      />
    </div>
  );
}
