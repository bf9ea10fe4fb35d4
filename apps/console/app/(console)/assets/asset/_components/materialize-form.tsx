"use client";
import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import type { FormEvent } from "react";
import { AssetService } from "@millrace/wire/v1";
import type { Asset } from "@millrace/wire/v1";
import { Button } from "../../../../../components/button.tsx";
import { CallError } from "../../../../../components/faces.tsx";
import { PartitionInput } from "../../../../../components/form/partition-input.tsx";
import { newRequestId } from "../../../../../lib/request-id.ts";

const noteLengthMax = 1_000;

type Props = { readonly asset: Asset; readonly onClose: () => void };

export function MaterializeForm({ asset, onClose }: Props) {
  const dagIds = [...new Set(asset.producers.map((producer) => producer.dagId))];
  const [dagId, setDagId] = useState(dagIds[0] ?? "");
  const [note, setNote] = useState("");
  const [partitionKey, setPartitionKey] = useState("");
  const [requestId, setRequestId] = useState(newRequestId);
  const router = useRouter();
  const queryClient = useQueryClient();
  const materialize = useMutation(AssetService.method.materializeAsset, {
    onSuccess: ({ run }) => {
      void queryClient.invalidateQueries();
      onClose();
      if (run !== undefined) router.push(`/runs/${run.runId}`);
    },
  });
  const changed = () => {
    setRequestId(newRequestId());
    materialize.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    materialize.mutate({ requestId, asset: asset.uri, dagId, note, partitionKey });
  };
  return (
    <form onSubmit={submit} className="space-y-3 overflow-y-auto px-5 py-4">
      <label className="block space-y-1">
        <span className="font-medium">By the DAG</span>
        <select
          value={dagId}
          onChange={(event) => {
            setDagId(event.target.value);
            changed();
          }}
          className="h-8 w-full rounded-control border border-line bg-surface px-2"
        >
          {dagIds.map((id) => (
            <option key={id}>{id}</option>
          ))}
        </select>
      </label>
      <PartitionInput
        id="materialize-partition"
        description="The part of the data that is made anew."
        value={partitionKey}
        onChange={(value) => {
          setPartitionKey(value);
          changed();
        }}
      />
      <label className="block space-y-1">
        <span className="font-medium">Note</span>
        <textarea
          value={note}
          rows={2}
          maxLength={noteLengthMax}
          onChange={(event) => {
            setNote(event.target.value);
            changed();
          }}
          className="w-full rounded-control border border-line bg-surface px-2 py-1.5"
        />
      </label>
      <p className="text-dense text-muted">The run has the defaults of the DAG's params.</p>
      <CallError error={materialize.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" tone="primary" disabled={materialize.isPending}>
          Make it
        </Button>
      </div>
    </form>
  );
}
