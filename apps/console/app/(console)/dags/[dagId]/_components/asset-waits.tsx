"use client";
import { useQuery } from "@connectrpc/connect-query";
import { CircleCheck, CircleDashed } from "lucide-react";
import Link from "next/link";
import { AssetService } from "@millrace/wire/v1";
import type { AssetProgress } from "@millrace/wire/v1";
import { CallError } from "../../../../../components/faces.tsx";
import { pollMs } from "../../../../../components/providers.tsx";
import { assetHref } from "../../../../../lib/assets.ts";

/** How far the assets of a schedule are from making the next run: its expression, with what is there of each. */
export function AssetWaits({ dagId }: { readonly dagId: string }) {
  const query = useQuery(
    AssetService.method.getAssetProgress,
    { dagId },
    { refetchInterval: pollMs },
  );
  const progress = query.data?.progress;
  if (query.isError && progress === undefined) return <CallError error={query.error} />;
  if (progress === undefined) return null;
  return (
    <section aria-label="Assets it waits for" className="space-y-2">
      <h2 className="font-medium">Assets it waits for</h2>
      <ul>
        <Part progress={progress} />
      </ul>
    </section>
  );
}

function Part({ progress }: { readonly progress: AssetProgress }) {
  const { isMet, message, kind } = progress;
  const Icon = isMet ? CircleCheck : CircleDashed;
  const parts = kind.case === "allOf" || kind.case === "anyOf" ? kind.value.parts : [];
  const uri = kind.case === "need" ? kind.value.uri : "";
  return (
    <li>
      <div className="flex items-start gap-2 py-0.5">
        <Icon
          size={16}
          role="img"
          aria-label={isMet ? "Holds" : "Waits"}
          className={`mt-0.5 shrink-0 ${isMet ? "text-(--state-success)" : "text-muted"}`}
        />
        {uri === "" ? (
          <span className="break-words">{message}</span>
        ) : (
          <Link href={assetHref(uri)} className="break-all hover:text-accent hover:underline">
            {message}
          </Link>
        )}
      </div>
      {parts.length > 0 && (
        <ul className="ml-2 border-l border-line pl-4">
          {parts.map((part, ix) => (
            // The parts of an expression are told apart by their place alone: two may be the same.
            <Part key={`${ix} ${part.message}`} progress={part} />
          ))}
        </ul>
      )}
    </li>
  );
}
