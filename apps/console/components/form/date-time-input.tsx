"use client";
import { formatInstant } from "../../lib/format.ts";
import { FieldFrame } from "./field-frame.tsx";

type Props = {
  readonly id: string;
  /** Where it stands in a schema. */
  readonly path?: string;
  readonly label: string;
  readonly description: string;
  readonly isRequired?: boolean;
  readonly isReadOnly?: boolean;
  /** ISO 8601 in UTC; empty when nothing is given. */
  readonly value: string;
  readonly error: string | null;
  readonly onChange: (value: string) => void;
};

/** A date and time typed in the zone of the browser; the zone, and what it is in UTC, are said beneath. */
export function DateTimeInput({
  id,
  path,
  label,
  description,
  isRequired = false,
  isReadOnly = false,
  value,
  error,
  onChange,
}: Props) {
  const at = Date.parse(value);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <FieldFrame
      id={id}
      label={label}
      type={`date and time, ${zone}`}
      isRequired={isRequired}
      error={error}
      description={
        <>
          {description}
          {!Number.isNaN(at) && (
            <p className="font-mono text-label">= {formatInstant(at, { zone: "UTC" })}</p>
          )}
        </>
      }
    >
      {(describe) => (
        <input
          id={id}
          data-field={path}
          disabled={isReadOnly}
          type="datetime-local"
          step={1}
          required={isRequired}
          value={Number.isNaN(at) ? "" : localText(at)}
          onChange={({ target }) =>
            onChange(target.value === "" ? "" : new Date(target.value).toISOString())
          }
          className="h-8 max-w-full rounded-control border border-line-strong bg-bg px-2.5 aria-[invalid=true]:border-danger"
          {...describe}
        />
      )}
    </FieldFrame>
  );
}

/** As `datetime-local` wants it: local time without a zone. */
function localText(at: number): string {
  const date = new Date(at);
  return new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
