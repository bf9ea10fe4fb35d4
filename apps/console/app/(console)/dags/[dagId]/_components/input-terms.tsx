"use client";
import Link from "next/link";
import type { InputTerm } from "@millrace/wire/v1";
import { assetHref } from "../../../../../lib/assets.ts";
import { inputWords, type InputWords } from "../../../../../lib/input-words.ts";

/** What each of the DAG's runs waits for before it starts. */
export function InputTerms({ term }: { readonly term: InputTerm }) {
  return (
    <section aria-label="Inputs" className="space-y-2">
      <h2 className="font-medium">Inputs</h2>
      <ul>
        <Term words={inputWords(term)} />
      </ul>
    </section>
  );
}

function Term({ words: { name, text, uri, parts } }: { readonly words: InputWords }) {
  return (
    <li className="py-0.5">
      {name !== "" && <span className="font-mono font-medium">{name}: </span>}
      {uri === "" ? (
        text
      ) : (
        <Link href={assetHref(uri)} className="break-words hover:text-accent hover:underline">
          {text}
        </Link>
      )}
      {parts.length > 0 && (
        <ul className="ml-2 border-l border-line pl-4">
          {parts.map((part, ix) => (
            // Terms are told apart by their place alone: two may be the same.
            <Term key={`${ix} ${part.text}`} words={part} />
          ))}
        </ul>
      )}
    </li>
  );
}
