import type { ButtonHTMLAttributes } from "react";

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  readonly tone?: "plain" | "primary" | "danger" | "quiet" | "small";
};

const tones = {
  plain: "border border-line-strong/50 bg-raised hover:bg-hover",
  primary: "border border-transparent bg-accent font-medium text-on-accent hover:opacity-90",
  danger: "border border-danger/50 bg-raised text-danger hover:bg-danger/10",
  small: "border border-line bg-raised text-muted hover:bg-surface hover:text-text",
  quiet: "border border-transparent text-muted hover:bg-hover hover:text-text",
} as const;

export function Button({ tone = "plain", className = "", type = "button", ...rest }: Props) {
  return (
    <button
      type={type}
      className={`ghost-transition inline-flex shrink-0 items-center justify-center gap-1.5 rounded-control ${tone === "small" ? "h-6 px-2 text-dense" : "h-7 px-2.5 text-body"} whitespace-nowrap disabled:cursor-not-allowed disabled:opacity-55 ${tones[tone]} ${className}`}
      {...rest}
    />
  );
}
