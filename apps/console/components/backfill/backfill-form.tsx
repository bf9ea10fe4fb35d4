"use client";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { History } from "lucide-react";
import { useRouter } from "next/navigation";
import { useDeferredValue, useState } from "react";
import { BackfillService, ReprocessBehavior, ValueSchema, type Dag } from "@millrace/wire/v1";
import { zoneOf } from "../../lib/backfills.ts";
import { endOfDay, startOfDay } from "../../lib/calendar.ts";
import { encodeJson } from "../../lib/codec.ts";
import { callFailure } from "../../lib/failures.ts";
import { newRequestId } from "../../lib/request-id.ts";
import { Button } from "../button.tsx";
import { DialogForm } from "../dialog-form.tsx";
import { SchemaFields } from "../form/schema-fields.tsx";
import { useSchemaForm } from "../form/use-schema-form.ts";
import { BackfillPreview, type PreviewRequest } from "./backfill-preview.tsx";
import { ChoiceField, NumberField, TextField } from "./backfill-fields.tsx";

const activeRunsMax = 1_000;
const noteLengthMax = 1_000;

type Props = { readonly dag: Dag; readonly onClose: () => void };

/** The range in days of the schedule, how it is gone through, the params, and what would become of the dates. */
export function BackfillForm({ dag, onClose }: Props) {
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const [reprocess, setReprocess] = useState<ReprocessBehavior>(ReprocessBehavior.NONE);
  const [isReverse, setReverse] = useState(false);
  const [maxActiveRuns, setMaxActiveRuns] = useState("10");
  const [hasParams, setHasParams] = useState(false);
  const [note, setNote] = useState("");
  // One id for this form until its content changes: a lost answer and a second press make one backfill.
  const [requestId, setRequestId] = useState(newRequestId);
  const router = useRouter();
  const queryClient = useQueryClient();
  const start = useMutation(BackfillService.method.createBackfill, {
    onSuccess: ({ backfill }) => {
      void queryClient.invalidateQueries();
      onClose();
      if (backfill !== undefined) router.push(`/backfills/${backfill.backfillId}`);
    },
    onError: (error) => form.refuse(callFailure(error)),
  });
  const changed = () => {
    setRequestId(newRequestId());
    start.reset();
  };
  const form = useSchemaForm(dag.paramsSchema, { whole: "Params", onChange: changed });
  const set =
    <T,>(change: (value: T) => void) =>
    (value: T) => {
      change(value);
      changed();
    };
  const zone = zoneOf(dag);
  const range = rangeOf(zone, from, to);
  const asked: PreviewRequest | null = range && {
    ...{ dagId: dag.dagId, ...range, reprocess, reverse: isReverse },
  };
  const shown = useDeferredValue(asked);
  const submit = () => {
    if (asked === null) return;
    const params = hasParams ? form.read() : undefined;
    if (params === null) return;
    start.mutate({
      ...{ ...asked, requestId, note, maxActiveRuns: Number(maxActiveRuns) || 0 },
      ...(params === undefined
        ? {}
        : { params: create(ValueSchema, { data: encodeJson(params) }) }),
    });
  };
  return (
    <DialogForm
      onSubmit={submit}
      onCancel={onClose}
      error={start.error}
      marked={hasParams ? Object.keys(form.errors).length : 0}
      submit={
        <Button type="submit" tone="primary" disabled={start.isPending || asked === null}>
          <History size={13} aria-hidden /> {start.isPending ? "Starting…" : "Start the backfill"}
        </Button>
      }
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          id="backfill-from"
          label="From"
          hint={`first date, in ${zone}`}
          type="date"
          value={from}
          onChange={set(setFrom)}
        />
        <TextField
          id="backfill-to"
          label="To"
          hint={`last date, in ${zone}, included`}
          type="date"
          value={to}
          onChange={set(setTo)}
        />
      </div>
      <ChoiceField
        label="Dates that have a run"
        choices={reprocessChoices}
        value={reprocess}
        onChange={set(setReprocess)}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <NumberField
          id="backfill-max"
          label="Runs at a time"
          max={activeRunsMax}
          value={maxActiveRuns}
          onChange={set(setMaxActiveRuns)}
        />
        <TextField
          id="backfill-note"
          label="Note"
          hint="optional"
          maxLength={noteLengthMax}
          value={note}
          onChange={set(setNote)}
        />
      </div>
      <div className="space-y-2">
        <label className="flex items-center gap-2">
          <input
            type="checkbox"
            checked={isReverse}
            onChange={({ target }) => set(setReverse)(target.checked)}
          />
          Newest first
        </label>
        <label className="flex items-center gap-2">
          <input
            type="checkbox"
            checked={hasParams}
            onChange={({ target }) => set(setHasParams)(target.checked)}
          />
          Other params than the defaults
        </label>
      </div>
      {hasParams && <SchemaFields form={form} />}
      {shown === null ? (
        <p className="text-muted">Choose the dates to see what would be made.</p>
      ) : (
        <BackfillPreview request={shown} zone={zone} />
      )}
    </DialogForm>
  );
}

const reprocessChoices = [
  { value: ReprocessBehavior.NONE, label: "Leave alone" },
  { value: ReprocessBehavior.FAILED, label: "Run again if failed" },
  { value: ReprocessBehavior.COMPLETED, label: "Run again" },
] as const;

/** The whole last day counts. Null while a date is missing. */
function rangeOf(
  zone: string,
  from: string,
  to: string,
): Pick<PreviewRequest, "fromDate" | "toDate"> | null {
  if (from === "" || to === "") return null;
  return {
    fromDate: timestampFromMs(startOfDay(zone, from)),
    toDate: timestampFromMs(endOfDay(zone, to)),
  };
}
