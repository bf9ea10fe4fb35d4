"use client";
import { useState } from "react";

export type Pages = {
  /** Empty on the first page. */
  readonly token: string;
  /** From 1. */
  readonly number: number;
  readonly forward: (token: string) => void;
  readonly back: () => void;
};

/** Where one is in a list that only tells how to go on. Another list begins at its first page. */
export function usePages(list: string): Pages {
  const [at, setAt] = useState<{ list: string; tokens: readonly string[] }>({ list, tokens: [] });
  const tokens = at.list === list ? at.tokens : [];
  return {
    token: tokens.at(-1) ?? "",
    number: tokens.length + 1,
    forward: (token) => setAt({ list, tokens: [...tokens, token] }),
    back: () => setAt({ list, tokens: tokens.slice(0, -1) }),
  };
}
