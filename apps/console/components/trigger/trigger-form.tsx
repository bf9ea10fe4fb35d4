"use client";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { Play } from "lucide-react";
import { useRouter } from "next/navigation";
import { useMemo, useState } from "react";
import type { FormEvent } from "react";
import { DagRunService, ValueSchema } from "@millrace/wire/v1";
import type { Dag } from "@millrace/wire/v1";
import { encodeJson } from "../../lib/codec.ts";
import { callFailure } from "../../lib/failures.ts";
import { newRequestId } from "../../lib/request-id.ts";
import {
  fieldOfError,
  fieldsOf,
  initialValues,
  toParams,
  wholeParams,
} from "../../lib/schema-form.ts";
import { Button } from "../button.tsx";
import { CallError } from "../faces.tsx";
import { DateTimeInput } from "./date-time-input.tsx";
import { SchemaField } from "./schema-field.tsx";

const noteLengthMax = 1_000;

type Props = { readonly dag: Dag; readonly onClose: () => void };

/** The fields of the DAG's schema, then what every run can have: a logical date and a note. */
export function TriggerForm({ dag, onClose }: Props) {
  const fields = useMemo(() => {
    const known = fieldsOf(dag.paramsSchema);
    return known.length > 0 ? known : wholeParams(dag.paramsSchema);
  }, [dag.paramsSchema]);
  const [values, setValues] = useState(() => initialValues(fields));
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const [logicalDate, setLogicalDate] = useState("");
  const [note, setNote] = useState("");
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
      const field =
        failure.reason === "LOGICAL_DATE_TAKEN" ? logicalDateId : fieldOfError(fields, failure);
      if (field !== null) setErrors({ [field]: failure.message });
    },
  });
  const changed = () => {
    setRequestId(newRequestId());
    trigger.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const result = toParams(fields, values);
    setErrors(result.ok ? {} : result.errors);
    if (!result.ok) return;
    trigger.mutate({
      requestId,
      dagId: dag.dagId,
      params: create(ValueSchema, { data: encodeJson(result.params) }),
      note,
      ...(logicalDate === "" ? {} : { logicalDate: timestampFromMs(Date.parse(logicalDate)) }),
    });
  };
  const isAtField = Object.keys(errors).length > 0;
  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-1 flex-col">
      <div className="min-h-0 flex-1 space-y-4 overflow-y-auto px-5 py-4">
        {fields.map((field) => (
          <SchemaField
            key={field.name}
            field={field}
            value={values[field.name] ?? ""}
            error={errors[field.name] ?? null}
            onChange={(value) => {
              setValues({ ...values, [field.name]: value });
              setErrors(without(errors, field.name));
              changed();
            }}
          />
        ))}
        <fieldset className="space-y-4 border-t border-line pt-4">
          <legend className="sr-only">About the run</legend>
          <DateTimeInput
            id={logicalDateId}
            label="Logical date"
            description="The date the run is about. Optional; one run of the DAG for each."
            value={logicalDate}
            error={errors[logicalDateId] ?? null}
            onChange={(value) => {
              setLogicalDate(value);
              setErrors(without(errors, logicalDateId));
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
      </div>
      <div className="flex items-center gap-3 border-t border-line px-5 py-3">
        <div className="min-w-0 flex-1">
          {trigger.isError && !isAtField && <CallError error={trigger.error} />}
          {isAtField && (
            <p role="alert" className="text-dense text-danger">
              See the marked {Object.keys(errors).length === 1 ? "field" : "fields"} above.
            </p>
          )}
        </div>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" tone="primary" disabled={trigger.isPending}>
          <Play size={13} aria-hidden /> {trigger.isPending ? "Triggering…" : "Trigger"}
        </Button>
      </div>
    </form>
  );
}

/** Not a name that a param can clash with: those come from a schema's properties, this one has a space. */
const logicalDateId = "logical date";

function without(
  errors: Readonly<Record<string, string>>,
  name: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(errors).filter(([key]) => key !== name));
}
