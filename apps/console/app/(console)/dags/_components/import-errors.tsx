"use client";
import { useQuery } from "@connectrpc/connect-query";
import { FileWarning } from "lucide-react";
import { DagService } from "@millrace/wire/v1";
import { pollMs } from "../../../../components/providers.tsx";
import { Time } from "../../../../components/time.tsx";
import { msOf, plural } from "../../../../lib/format.ts";

/** Files that did not compile, with what is wrong where; absent when there are none. */
export function ImportErrors() {
  const { data } = useQuery(
    DagService.method.listImportErrors,
    { pageSize: 100 },
    { refetchInterval: pollMs },
  );
  const errors = data?.errors ?? [];
  if (errors.length === 0) return null;
  return (
    <details
      className="group rounded-panel border border-danger/45 bg-danger/5"
      data-testid="import-errors"
      open={errors.length === 1}
    >
      <summary className="flex items-center gap-2 px-3 py-2 font-medium">
        <FileWarning size={16} aria-hidden className="text-danger" />
        {plural(errors.length, "file")} could not be imported
        <span className="font-normal text-muted group-open:hidden">
          {errors.map((error) => error.file).join(", ")}
        </span>
      </summary>
      <ul className="divide-y divide-line border-t border-danger/25">
        {errors.map((error) => (
          <li
            key={`${error.folder}/${error.file}/${error.message}`}
            className="space-y-1 px-3 py-2.5"
          >
            <p className="flex flex-wrap gap-x-2">
              <span className="font-mono text-dense font-medium">{error.file}</span>
              <span className="text-dense text-muted">
                in {error.folder}, seen <Time at={msOf(error.seenAt)} />
              </span>
            </p>
            <pre className="max-h-60 overflow-auto font-mono text-dense whitespace-pre-wrap text-danger">
              {error.message}
            </pre>
          </li>
        ))}
      </ul>
    </details>
  );
}
