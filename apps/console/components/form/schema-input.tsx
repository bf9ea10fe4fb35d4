"use client";
import { useId } from "react";
import type { Widget } from "../../lib/form/fields.ts";
import { DateTimeInput } from "./date-time-input.tsx";
import { FieldFrame } from "./field-frame.tsx";
import { CheckBox, ChoiceSet } from "./choice-inputs.tsx";
import type { InputProps } from "./input-props.ts";

const box =
  "w-full rounded-control border border-line-strong bg-bg px-2.5 aria-[invalid=true]:border-danger disabled:opacity-70";

const rowsMin = 3;
const rowsMax = 12;

/** One field, with the input that suits its schema. */
export function SchemaInput(props: InputProps) {
  const { field, value, error, isReadOnly, onChange } = props;
  const id = useId();
  const { widget, label, isRequired } = field;
  if (widget === "checkbox") return <CheckBox {...props} />;
  if (widget === "radio" || widget === "yes-no" || widget === "checks") {
    return <ChoiceSet {...props} />;
  }
  const description = [field.description, field.hint].filter(Boolean).join(" · ");
  if (widget === "date-time") {
    return (
      <DateTimeInput
        id={id}
        path={field.path}
        label={label}
        description={description}
        isRequired={isRequired}
        isReadOnly={isReadOnly}
        value={value}
        error={error}
        onChange={onChange}
      />
    );
  }
  return (
    <FieldFrame
      id={id}
      label={label}
      type={typeNames[widget] ?? ""}
      isRequired={isRequired && widget !== "const"}
      description={description}
      error={error}
    >
      {(describe) => {
        const shared = {
          id,
          value,
          required: isRequired,
          disabled: isReadOnly,
          "data-field": field.path,
          ...describe,
        };
        if (widget === "const") {
          return (
            <output id={id} className="block font-mono text-dense break-words">
              {shownConst(value)}
            </output>
          );
        }
        if (widget === "select") {
          return (
            <select
              {...shared}
              onChange={(event) => onChange(event.target.value)}
              className={`${box} h-8`}
            >
              {(field.initial === "" || !isRequired) && <option value="">Not given</option>}
              {field.choices.map((choice) => (
                <option key={choice.json} value={choice.json}>
                  {choice.label}
                </option>
              ))}
            </select>
          );
        }
        if (widget === "json" || widget === "lines" || widget === "multi-line") {
          const isCode = widget === "json";
          return (
            <textarea
              {...shared}
              rows={Math.min(rowsMax, Math.max(rowsMin, value.split("\n").length))}
              spellCheck={widget === "multi-line"}
              onChange={(event) => onChange(event.target.value)}
              className={`${box} block py-1.5 ${isCode ? "font-mono text-dense" : ""}`}
            />
          );
        }
        return (
          <>
            <input
              {...shared}
              type={inputTypes[widget] ?? "text"}
              step={widget === "time" ? 1 : undefined}
              inputMode={inputModes[widget]}
              list={field.examples.length === 0 ? undefined : `${id}-examples`}
              autoComplete="off"
              onChange={(event) => onChange(event.target.value)}
              className={`${box} h-8 ${narrow.has(widget) ? "max-w-48" : ""}`}
            />
            {field.examples.length > 0 && (
              <datalist id={`${id}-examples`}>
                {field.examples.map((example) => (
                  <option key={example} value={example} />
                ))}
              </datalist>
            )}
          </>
        );
      }}
    </FieldFrame>
  );
}

const typeNames: Readonly<Partial<Record<Widget, string>>> = {
  text: "text",
  "multi-line": "text",
  email: "e-mail",
  url: "address",
  number: "number",
  integer: "whole number",
  lines: "list, one on each line",
  date: "date",
  time: "time",
  json: "JSON",
};

const inputTypes: Readonly<Partial<Record<Widget, string>>> = {
  date: "date",
  time: "time",
  email: "email",
  url: "url",
};

const inputModes: Readonly<Partial<Record<Widget, "numeric" | "decimal">>> = {
  integer: "numeric",
  number: "decimal",
};

const narrow: ReadonlySet<Widget> = new Set(["number", "integer", "date", "time"]);

function shownConst(json: string): string {
  const value: unknown = JSON.parse(json);
  return typeof value === "string" ? value : json;
}
