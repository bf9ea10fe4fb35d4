import Link from "next/link";
import type { Place } from "../lib/evidence.ts";

type Props = { readonly places: readonly Place[] };

/** To the things that a reason is about. */
export function EvidenceLinks({ places }: Props) {
  if (places.length === 0) return null;
  return (
    <ul aria-label="What it is about" className="flex flex-wrap gap-x-4 gap-y-1">
      {places.map(({ href, label }) => (
        <li key={`${href} ${label}`} className="min-w-0">
          <Link
            href={href}
            className="break-all text-accent underline decoration-line-strong/50 hover:decoration-current"
          >
            {label}
          </Link>
        </li>
      ))}
    </ul>
  );
}
