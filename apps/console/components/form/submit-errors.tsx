import { CallError } from "../faces.tsx";

type Props = {
  /** Of the call that sent the form. */
  readonly error: unknown;
  /** How many fields are marked; they say what is wrong themselves. */
  readonly marked: number;
};

/** Why a form was not taken, beside the button that sends it. */
export function SubmitErrors({ error, marked }: Props) {
  if (marked === 0) return <CallError error={error} />;
  return (
    <p role="alert" className="text-dense text-danger">
      See the marked {marked === 1 ? "field" : "fields"} above.
    </p>
  );
}
