"use client";
import { useId } from "react";
import type { Field } from "../../lib/schema-form.ts";
import { DateTimeInput } from "./date-time-input.tsx";
import { FieldFrame } from "./field-frame.tsx";

type Props = {
  readonly field: Field;
  readonly value: string;
  readonly error: string | null;
  readonly onChange: (value: string) => void;
};

const input =
  "w-full rounded-control border border-line-strong bg-bg px-2.5 aria-[invalid=true]:border-danger";

/** One param, with the input that suits its schema. */
export function SchemaField({ field, value, error, onChange }: Props) {
  const id = useId();
  if (field.widget === "date-time") {
    return (
      <DateTimeInput
        id={id}
        label={field.label}
        description={field.description}
        isRequired={field.isRequired}
        value={value}
        error={error}
        onChange={onChange}
      />
    );
  }
  if (field.widget === "checkbox") {
    return (
      <FieldFrame id={id} description={field.description} error={error}>
        {(describe) => (
          <label htmlFor={id} className="flex items-center gap-2 font-medium">
            <input
              id={id}
              type="checkbox"
              checked={value === "true"}
              onChange={(event) => onChange(String(event.target.checked))}
              className="size-4 accent-(--accent)"
              {...describe}
            />
            {field.label}
          </label>
        )}
      </FieldFrame>
    );
  }
  return (
    <FieldFrame
      id={id}
      label={field.label}
      type={typeNames[field.widget]}
      isRequired={field.isRequired}
      description={[field.description, field.hint].filter(Boolean).join(" · ")}
      error={error}
    >
      {(describe) => {
        const shared = { id, value, required: field.isRequired, ...describe };
        if (field.widget === "select") {
          return (
            <select
              {...shared}
              onChange={(event) => onChange(event.target.value)}
              className={`${input} h-8`}
            >
              {(field.initial === "" || !field.isRequired) && <option value="">Not given</option>}
              {field.choices.map((choice) => (
                <option key={choice.json} value={choice.json}>
                  {choice.label}
                </option>
              ))}
            </select>
          );
        }
        if (field.widget === "json") {
          return (
            <textarea
              {...shared}
              rows={Math.min(10, Math.max(3, value.split("\n").length))}
              spellCheck={false}
              onChange={(event) => onChange(event.target.value)}
              className={`${input} py-1.5 font-mono text-dense`}
            />
          );
        }
        const isNumber = field.widget === "number" || field.widget === "integer";
        return (
          <input
            {...shared}
            type={field.widget === "date" ? "date" : "text"}
            inputMode={isNumber ? (field.widget === "integer" ? "numeric" : "decimal") : undefined}
            autoComplete="off"
            onChange={(event) => onChange(event.target.value)}
            className={`${input} h-8 ${isNumber ? "max-w-48" : ""}`}
          />
        );
      }}
    </FieldFrame>
  );
}

const typeNames = {
  text: "text",
  number: "number",
  integer: "whole number",
  select: "",
  date: "date",
  json: "JSON",
} as const;
