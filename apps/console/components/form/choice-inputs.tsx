"use client";
import { useId } from "react";
import { FieldFrame } from "./field-frame.tsx";
import type { InputProps } from "./input-props.ts";

const tick = "size-4 shrink-0 accent-(--accent)";

export function CheckBox({ field, value, error, isReadOnly, onChange }: InputProps) {
  const id = useId();
  return (
    <FieldFrame id={id} description={field.description} error={error}>
      {(describe) => (
        <label htmlFor={id} className="flex w-fit items-center gap-2 font-medium">
          <input
            id={id}
            type="checkbox"
            data-field={field.path}
            checked={value === "true"}
            disabled={isReadOnly}
            onChange={(event) => onChange(String(event.target.checked))}
            className={tick}
            {...describe}
          />
          {field.label}
        </label>
      )}
    </FieldFrame>
  );
}

/** A few choices that are all in sight: one of them, or for `checks` any. */
export function ChoiceSet({ field, value, error, isReadOnly, onChange }: InputProps) {
  const id = useId();
  const isAny = field.widget === "checks";
  const { choices } = field;
  const chosen = isAny ? chosenIn(value) : [value];
  const canBeNone = !isAny && !field.isRequired && field.initial === "";
  const toggle = (json: string) => {
    if (!isAny) return onChange(json);
    // In the order of the schema, whatever the order of the clicks.
    const next = choices.filter((one) => chosen.includes(one.json) !== (one.json === json));
    return onChange(`[${next.map((one) => one.json).join(",")}]`);
  };
  return (
    <FieldFrame
      id={id}
      isSet
      label={field.label}
      type={isAny ? "any of these" : ""}
      isRequired={field.isRequired}
      description={[field.description, field.hint].filter(Boolean).join(" · ")}
      error={error}
    >
      {(describe) => (
        <div
          role={isAny ? "group" : "radiogroup"}
          aria-labelledby={`${id}-label`}
          aria-describedby={describe["aria-describedby"]}
          className="flex flex-wrap gap-x-4 gap-y-1 py-1"
        >
          {[...choices, ...(canBeNone ? [notGiven] : [])].map(({ label, json }, ix) => (
            <label key={json} className="flex min-h-6 items-center gap-2">
              <input
                type={isAny ? "checkbox" : "radio"}
                name={id}
                data-field={ix === 0 ? field.path : undefined}
                checked={chosen.includes(json)}
                disabled={isReadOnly}
                aria-invalid={describe["aria-invalid"]}
                onChange={() => toggle(json)}
                className={tick}
              />
              <span className={`min-w-0 break-words ${json === "" ? "text-muted" : ""}`}>
                {label}
              </span>
            </label>
          ))}
        </div>
      )}
    </FieldFrame>
  );
}

const notGiven = { label: "Not given", json: "" } as const;

function chosenIn(json: string): readonly string[] {
  const list: unknown = json === "" ? [] : JSON.parse(json);
  return Array.isArray(list) ? list.map((one) => JSON.stringify(one)) : [];
}
