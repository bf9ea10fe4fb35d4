"use client";
import { Download, Eye } from "lucide-react";
import { useState } from "react";
import { Button } from "../../../../../components/button.tsx";
import { CallError } from "../../../../../components/faces.tsx";
import { formatBytes } from "../../../../../lib/format.ts";
import { readXCom } from "../../../../../lib/read-xcom.ts";
import { saveFile } from "../../../../../lib/save-file.ts";
import type { TaskRequest } from "./task-request.ts";

/** The beginning that is shown of a value that is too large to be read whole. */
const shownBytes = 16 * 1024;

type Props = {
  readonly request: TaskRequest;
  /** The key it was left under. */
  readonly name: string;
  /** Bytes of the whole. */
  readonly size: number;
};

type Step =
  | { readonly kind: "idle" }
  | { readonly kind: "reading"; readonly bytes: number }
  | { readonly kind: "failed"; readonly error: unknown };

/** A value that is kept apart: its size, and when asked for its beginning, or all of it as a file. */
export function LargeValue({ request, name, size }: Props) {
  const [step, setStep] = useState<Step>({ kind: "idle" });
  const [beginning, setBeginning] = useState<string | null>(null);
  const read = async (bytesMax: number, use: (content: Uint8Array<ArrayBuffer>) => void) => {
    setStep({ kind: "reading", bytes: 0 });
    try {
      const onBytes = (bytes: number) => setStep({ kind: "reading", bytes });
      use(await readXCom({ ...request, key: name }, { bytesMax, onBytes }));
      setStep({ kind: "idle" });
    } catch (error) {
      setStep({ kind: "failed", error });
    }
  };
  const isReading = step.kind === "reading";
  return (
    <li className="space-y-1.5" data-value={name}>
      <div className="flex flex-wrap items-center gap-2">
        <h3 className="font-mono text-dense font-medium">{name}</h3>
        <span className="text-label text-muted">{formatBytes(size)}, kept apart</span>
        <span className="ml-auto flex gap-2">
          <Button
            tone="small"
            disabled={isReading || beginning !== null}
            onClick={() => void read(shownBytes, (content) => setBeginning(textOf(content)))}
          >
            <Eye size={12} aria-hidden /> Beginning
            <span className="sr-only"> of {name}</span>
          </Button>
          <Button
            tone="small"
            disabled={isReading}
            onClick={() =>
              void read(Infinity, (content) => saveFile(fileNameOf(request, name), content))
            }
          >
            <Download size={12} aria-hidden /> Download
            <span className="sr-only"> {name}</span>
          </Button>
        </span>
      </div>
      <div className="rounded-control border border-line bg-surface p-3">
        {beginning === null ? (
          <p className="text-muted" role="status">
            {isReading
              ? `${formatBytes(step.bytes)} of ${formatBytes(size)} read…`
              : "Too large to be shown whole."}
          </p>
        ) : (
          <>
            <pre
              tabIndex={0}
              aria-label={`The beginning of ${name}`}
              className="max-h-72 overflow-auto font-mono text-dense break-all whitespace-pre-wrap"
            >
              {beginning}
            </pre>
            {size > shownBytes && (
              <p className="pt-2 text-label text-muted">
                The first {formatBytes(shownBytes)} of {formatBytes(size)}.
              </p>
            )}
          </>
        )}
        {step.kind === "failed" && <CallError error={step.error} />}
      </div>
    </li>
  );
}

/** A letter that the cut went through is left out. */
function textOf(content: Uint8Array): string {
  return new TextDecoder().decode(content).replace(/\uFFFD+$/u, "");
}

function fileNameOf({ runId, taskId, mapIndex }: TaskRequest, name: string): string {
  const index = mapIndex === undefined ? [] : [mapIndex];
  return `${[runId, taskId, ...index, name].join("-").replaceAll(/[^\w.-]+/g, "_")}.json`;
}
