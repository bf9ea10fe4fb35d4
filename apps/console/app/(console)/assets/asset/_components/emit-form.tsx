"use client";
import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { FormEvent } from "react";
import { AssetService } from "@millrace/wire/v1";
import type { Asset } from "@millrace/wire/v1";
import { Button } from "../../../../../components/button.tsx";
import { CallError } from "../../../../../components/faces.tsx";
import { PartitionInput } from "../../../../../components/form/partition-input.tsx";
import { encodeJson, type Json } from "../../../../../lib/codec.ts";
import { newRequestId } from "../../../../../lib/request-id.ts";

type Props = { readonly asset: Asset; readonly onClose: () => void };

export function EmitForm({ asset, onClose }: Props) {
  const [extra, setExtra] = useState("");
  const [partitionKey, setPartitionKey] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  // One id until the content changes: a lost answer and a second press make one event.
  const [requestId, setRequestId] = useState(newRequestId);
  const queryClient = useQueryClient();
  const emit = useMutation(AssetService.method.createAssetEvent, {
    onSuccess: () => {
      void queryClient.invalidateQueries();
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = readExtra(extra);
    setProblem(read.kind === "wrong" ? read.problem : null);
    if (read.kind === "wrong") return;
    const said = read.value === null ? {} : { extra: { data: encodeJson(read.value) } };
    emit.mutate({ requestId, asset: asset.uri, partitionKey, ...said });
  };
  return (
    <form onSubmit={submit} className="space-y-3 overflow-y-auto px-5 py-4">
      <label className="block space-y-1">
        <span className="font-medium">What to say about it</span>
        <textarea
          value={extra}
          rows={5}
          placeholder='{ "rows": 12 }'
          aria-invalid={problem !== null}
          aria-describedby={problem === null ? undefined : "extra-problem"}
          onChange={(event) => {
            setExtra(event.target.value);
            setRequestId(newRequestId());
            emit.reset();
          }}
          className="w-full rounded-control border border-line bg-surface px-2 py-1.5 font-mono text-dense"
        />
        <span className="text-dense text-muted">A JSON object, or nothing.</span>
      </label>
      <PartitionInput
        id="event-partition"
        description="The part of the data that it is about. Only DAGs that wait by partition use such events."
        value={partitionKey}
        onChange={(value) => {
          setPartitionKey(value);
          setRequestId(newRequestId());
          emit.reset();
        }}
      />
      {problem !== null && (
        <p id="extra-problem" role="alert" className="text-dense text-danger">
          {problem}
        </p>
      )}
      <CallError error={emit.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" tone="primary" disabled={emit.isPending}>
          Record event
        </Button>
      </div>
    </form>
  );
}

type Read =
  | { readonly kind: "read"; readonly value: Json | null }
  | { readonly kind: "wrong"; readonly problem: string };

function readExtra(text: string): Read {
  if (text.trim() === "") return { kind: "read", value: null };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return { kind: "read", value: value as Json };
    return { kind: "wrong", problem: 'It is no object; write one, such as { "rows": 12 }.' };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: "wrong", problem: `It is no JSON: ${why}` };
  }
}
