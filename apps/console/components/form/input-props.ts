import type { InputField } from "../../lib/form/fields.ts";

/** What the input of one field is given; values are JSON text. */
export type InputProps = {
  readonly field: InputField;
  readonly value: string;
  readonly error: string | null;
  readonly isReadOnly: boolean;
  readonly onChange: (value: string) => void;
};
