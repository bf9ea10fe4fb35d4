"use client";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { Play } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { DagRunService, ValueSchema } from "@millrace/wire/v1";
import type { Dag } from "@millrace/wire/v1";
import { encodeJson } from "../../lib/codec.ts";
import { callFailure } from "../../lib/failures.ts";
import { newRequestId } from "../../lib/request-id.ts";
import { Button } from "../button.tsx";
import { DialogForm } from "../dialog-form.tsx";
import { DateTimeInput } from "../form/date-time-input.tsx";
import { PartitionInput } from "../form/partition-input.tsx";
import { SchemaFields } from "../form/schema-fields.tsx";
import { useSchemaForm } from "../form/use-schema-form.ts";

const noteLengthMax = 1_000;

type Props = { readonly dag: Dag; readonly onClose: () => void };

/** The fields of the DAG's schema, then what every run can have: a logical date and a note. */
export function TriggerForm({ dag, onClose }: Props) {
  const [logicalDate, setLogicalDate] = useState("");
  const [dateError, setDateError] = useState<string | null>(null);
  const [note, setNote] = useState("");
  const [partitionKey, setPartitionKey] = useState("");
  // One id for this form until its content changes: a lost answer and a second press make one run.
  const [requestId, setRequestId] = useState(newRequestId);
  const router = useRouter();
  const queryClient = useQueryClient();

  const trigger = useMutation(DagRunService.method.triggerDagRun, {
    onSuccess: ({ run }) => {
      void queryClient.invalidateQueries();
      onClose();
      if (run !== undefined) router.push(`/runs/${run.runId}`);
    },
    onError: (error) => {
      const failure = callFailure(error);
      if (failure.reason === "LOGICAL_DATE_TAKEN") setDateError(failure.message);
      else form.refuse(failure);
    },
  });
  const changed = () => {
    setRequestId(newRequestId());
    trigger.reset();
  };
  const form = useSchemaForm(dag.paramsSchema, { whole: "Params", onChange: changed });
  const submit = () => {
    setDateError(null);
    const params = form.read();
    if (params === null) return;
    trigger.mutate({
      requestId,
      dagId: dag.dagId,
      params: create(ValueSchema, { data: encodeJson(params) }),
      note,
      partitionKey,
      ...(logicalDate === "" ? {} : { logicalDate: timestampFromMs(Date.parse(logicalDate)) }),
    });
  };
  return (
    <DialogForm
      onSubmit={submit}
      onCancel={onClose}
      error={trigger.error}
      marked={Object.keys(form.errors).length + (dateError === null ? 0 : 1)}
      submit={
        <Button type="submit" tone="primary" disabled={trigger.isPending}>
          <Play size={13} aria-hidden /> {trigger.isPending ? "Triggering…" : "Trigger"}
        </Button>
      }
    >
      <SchemaFields form={form} />
      <fieldset className="space-y-4 border-t border-line pt-4">
        <legend className="sr-only">About the run</legend>
        <DateTimeInput
          id="run-logical-date"
          label="Logical date"
          description="The date the run is about. Optional; one run of the DAG for each."
          value={logicalDate}
          error={dateError}
          onChange={(value) => {
            setLogicalDate(value);
            setDateError(null);
            changed();
          }}
        />
        <PartitionInput
          id="run-partition"
          description="The part of the data that the run is about; its events have it, too."
          value={partitionKey}
          onChange={(value) => {
            setPartitionKey(value);
            changed();
          }}
        />
        <div className="space-y-1">
          <label htmlFor="run-note" className="font-medium">
            Note <span className="font-normal text-muted">optional</span>
          </label>
          <input
            id="run-note"
            value={note}
            maxLength={noteLengthMax}
            onChange={(event) => {
              setNote(event.target.value);
              changed();
            }}
            className="h-8 w-full rounded-control border border-line-strong bg-bg px-2.5"
          />
        </div>
      </fieldset>
    </DialogForm>
  );
}
