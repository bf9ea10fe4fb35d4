"use client";
import { useId } from "react";
import type { Field, GroupField } from "../../lib/form/fields.ts";
import { SchemaInput } from "./schema-input.tsx";
import type { SchemaForm } from "./use-schema-form.ts";

type Props = { readonly form: SchemaForm; readonly fields?: readonly Field[] };

/** The fields of a schema, with what is wrong beside each: for the params of a run, and for what a task asks. */
export function SchemaFields({ form, fields = form.fields }: Props) {
  return fields.map((field) =>
    field.kind === "group" ? (
      <Group key={field.path} form={form} group={field} />
    ) : (
      <SchemaInput
        key={field.path}
        field={field}
        value={form.draft[field.path] ?? ""}
        error={form.errors[field.path] ?? null}
        isReadOnly={form.isReadOnly}
        onChange={(text) => form.set(field.path, text)}
      />
    ),
  );
}

function Group({ form, group }: { readonly form: SchemaForm; readonly group: GroupField }) {
  const id = useId();
  return (
    <fieldset
      aria-describedby={group.description === "" ? undefined : id}
      className="space-y-4 border-l-2 border-line pl-3.5"
    >
      <legend className="-ml-3.5 pb-1.5 font-medium">
        {group.label}{" "}
        <span className="text-label font-normal text-muted">
          {group.isRequired ? "required" : "optional"}
        </span>
      </legend>
      {group.description !== "" && (
        <p id={id} className="-mt-2.5 text-dense text-muted">
          {group.description}
        </p>
      )}
      <SchemaFields form={form} fields={group.fields} />
    </fieldset>
  );
}
