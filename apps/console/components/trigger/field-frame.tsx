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
        <div className="flex items-baseline gap-1.5">
          <label htmlFor={id} className="font-medium">
            {label}
          </label>
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
          <CircleAlert size={13} aria-hidden className="mt-[1.5px] shrink-0" /> {error}
        </p>
      )}
      {hasText && (
        <div id={`${id}-text`} className="text-dense text-muted">
          {description}
        </div>
      )}
    </div>
  );
}
