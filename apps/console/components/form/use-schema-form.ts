"use client";
import { useMemo, useState } from "react";
import type { Json } from "../../lib/codec.ts";
import type { CallFailure } from "../../lib/failures.ts";
import { formOf, initialDraft, inputsOf } from "../../lib/form/fields.ts";
import type { Draft, Form } from "../../lib/form/fields.ts";
import { readForm } from "../../lib/form/read.ts";
import type { FieldErrors } from "../../lib/form/read.ts";
import { pathOfRefusal } from "../../lib/form/refusal.ts";

export type SchemaForm = Form & {
  readonly draft: Draft;
  readonly errors: FieldErrors;
  readonly isReadOnly: boolean;
  readonly set: (path: string, text: string) => void;
  /** The object as typed, with what is chosen just now; null when something is wrong, which then stands at its field. */
  readonly read: (chosen?: Draft) => { readonly [name: string]: Json } | null;
  /** Puts a server's refusal at the field it is about. False when it is about none. */
  readonly refuse: (failure: CallFailure) => boolean;
};

type Options = {
  /** What a schema without fields is called: all of it is then typed as JSON. */
  readonly whole: string;
  readonly isReadOnly?: boolean;
  readonly onChange?: () => void;
};

/** What is typed into the fields of a schema. Another schema begins anew with its own defaults. */
export function useSchemaForm(
  schemaText: string,
  { whole, isReadOnly = false, onChange }: Options,
): SchemaForm {
  const form = useMemo(() => formOf(schemaText, { whole }), [schemaText, whole]);
  const [typed, setTyped] = useState<Typed>(() => begun(form));
  const { draft, errors } = typed.form === form ? typed : begun(form);
  return {
    ...form,
    draft,
    errors,
    isReadOnly,
    set(path, text) {
      setTyped((now) => {
        const known = now.form === form ? now : begun(form);
        const { [path]: _mended, ...others } = known.errors;
        return { form, draft: { ...known.draft, [path]: text }, errors: others };
      });
      onChange?.();
    },
    read(chosen = {}) {
      const reading = readForm(form, { ...draft, ...chosen });
      setTyped({ form, draft, errors: reading.ok ? {} : reading.errors });
      if (!reading.ok) focusFirst(form, reading.errors);
      return reading.ok ? reading.values : null;
    },
    refuse(failure) {
      const path = pathOfRefusal(form, failure);
      if (path === null) return false;
      const errors = { [path]: failure.message };
      // What was typed while the answer was on its way stays.
      setTyped((now) => ({ ...(now.form === form ? now : begun(form)), errors }));
      focusFirst(form, errors);
      return true;
    },
  };
}

type Typed = { readonly form: Form; readonly draft: Draft; readonly errors: FieldErrors };

function begun(form: Form): Typed {
  return { form, draft: initialDraft(form), errors: {} };
}

/** Whoever sends a form finds themselves at the first thing to mend. */
function focusFirst({ fields }: Form, errors: FieldErrors): void {
  const first = inputsOf(fields).find(({ path }) => errors[path] !== undefined);
  if (first === undefined) return;
  requestAnimationFrame(() => {
    const input = document.querySelector<HTMLElement>(`[data-field=${JSON.stringify(first.path)}]`);
    input?.focus();
  });
}
