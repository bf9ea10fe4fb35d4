import type { ReactNode } from "react";
import { CircleAlert } from "lucide-react";

type Describe = {
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": boolean;
};

type Props = {
  readonly id: string;
  /** Left out when the input brings its own. */
  readonly label?: string;
  readonly type?: string;
  readonly isRequired?: boolean;
  /** Several inputs that have this label together, `${id}-label`. */
  readonly isSet?: boolean;
  readonly description: ReactNode;
  readonly error: string | null;
  readonly children: (describe: Describe) => ReactNode;
};

/** What every field has around its input: label, type, description, and the error that belongs to it. */
export function FieldFrame({
  id,
  label,
  type = "",
  isRequired = false,
  isSet = false,
  description,
  error,
  children,
}: Props) {
  const hasText = description !== "" && description !== null;
  const described = [hasText ? `${id}-text` : "", error === null ? "" : `${id}-error`].filter(
    Boolean,
  );
  return (
    <div className="space-y-1">
      {label !== undefined && (
        <div className="flex flex-wrap items-baseline gap-x-1.5">
          {isSet ? (
            <span id={`${id}-label`} className="font-medium">
              {label}
            </span>
          ) : (
            <label htmlFor={id} className="font-medium">
              {label}
            </label>
          )}
          <span className="text-label text-muted">
            {[type, isRequired ? "required" : ""].filter(Boolean).join(", ")}
          </span>
        </div>
      )}
      {children({
        "aria-describedby": described.length === 0 ? undefined : described.join(" "),
        "aria-invalid": error !== null,
      })}
      {error !== null && (
        <p
          id={`${id}-error`}
          role="alert"
          className="flex items-start gap-1.5 text-dense text-danger"
        >
          <CircleAlert size={13} aria-hidden className="mt-[1.5px] shrink-0" />
          <span className="min-w-0 break-words">{error}</span>
        </p>
      )}
      {hasText && (
        <div id={`${id}-text`} className="text-dense break-words text-muted">
          {description}
        </div>
      )}
    </div>
  );
}
