"use client";
import { useQuery } from "@connectrpc/connect-query";
import { CircleAlert, CircleCheck } from "lucide-react";
import { SystemService } from "@millrace/wire/v1";
import { pollMs } from "../../../../components/providers.tsx";

/** The parts of the installation, each with one sentence. */
export function HealthStrip() {
  const { data } = useQuery(SystemService.method.getHealth, {}, { refetchInterval: pollMs });
  if (data === undefined) return null;
  return (
    <ul aria-label="Health" className="grid gap-2 sm:grid-cols-2 xl:grid-cols-4">
      {data.parts.map((part) => {
        const Icon = part.isHealthy ? CircleCheck : CircleAlert;
        return (
          <li key={part.name} className="flex gap-2 rounded-panel border border-line px-3 py-2">
            <Icon
              size={16}
              aria-label={part.isHealthy ? "works" : "does not work"}
              className={`mt-0.5 shrink-0 ${part.isHealthy ? "text-(--state-success)" : "text-danger"}`}
            />
            <div className="min-w-0">
              <p className="font-medium">{part.name}</p>
              <p className="text-dense break-words text-muted">{part.message}</p>
            </div>
          </li>
        );
      })}
    </ul>
  );
}
