/** The plain fields of the form. */

type TextProps = {
  readonly id: string;
  readonly label: string;
  readonly hint: string;
  readonly type?: "text" | "date";
  readonly maxLength?: number;
  readonly value: string;
  readonly onChange: (value: string) => void;
};

const box = "h-8 w-full rounded-control border border-line-strong bg-bg px-2.5";

export function TextField({ id, label, hint, type = "text", value, onChange, ...rest }: TextProps) {
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="font-medium">
        {label} <span className="font-normal text-muted">{hint}</span>
      </label>
      <input
        {...{ id, type, value, ...rest }}
        onChange={({ target }) => onChange(target.value)}
        className={box}
      />
    </div>
  );
}

type NumberProps = {
  readonly id: string;
  readonly label: string;
  readonly max: number;
  readonly value: string;
  readonly onChange: (value: string) => void;
};

export function NumberField({ id, label, max, value, onChange }: NumberProps) {
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="font-medium">
        {label} <span className="font-normal text-muted">1 to {max}</span>
      </label>
      <input
        {...{ id, value, max }}
        type="number"
        min={1}
        onChange={({ target }) => onChange(target.value)}
        className={box}
      />
    </div>
  );
}

type ChoiceProps<T> = {
  readonly label: string;
  readonly choices: readonly { readonly value: T; readonly label: string }[];
  readonly value: T;
  readonly onChange: (value: T) => void;
};

export function ChoiceField<T extends number>({ label, choices, value, onChange }: ChoiceProps<T>) {
  return (
    <fieldset className="space-y-1">
      <legend className="font-medium">{label}</legend>
      <div className="flex flex-wrap gap-x-5 gap-y-1">
        {choices.map((choice) => (
          <label key={choice.value} className="flex items-center gap-2">
            <input
              type="radio"
              name={label}
              checked={choice.value === value}
              onChange={() => onChange(choice.value)}
            />
            {choice.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
