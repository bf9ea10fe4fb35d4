"use client";

/** Characters of a key, as the server counts them. */
const keyLengthMax = 250;

type Props = {
  readonly id: string;
  readonly description: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
};

/** The key of a partition. */
export function PartitionInput({ id, description, value, onChange }: Props) {
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="font-medium">
        Partition <span className="font-normal text-muted">optional</span>
      </label>
      <input
        id={id}
        value={value}
        maxLength={keyLengthMax}
        placeholder="2026-01-02"
        aria-describedby={`${id}-about`}
        onChange={(event) => onChange(event.target.value)}
        className="h-8 w-full rounded-control border border-line-strong bg-bg px-2.5 font-mono text-dense"
      />
      <p id={`${id}-about`} className="text-dense text-muted">
        {description}
      </p>
    </div>
  );
}
