/** A mill wheel: water comes in at the left, and each paddle is a task. */
export function Logo({ size }: { readonly size: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden className="shrink-0">
      <rect width="32" height="32" rx="8" fill="#2136c8" />
      <g fill="none" stroke="#fff" strokeWidth="2.4" strokeLinecap="round">
        <circle cx="16" cy="16" r="6.2" />
        <path d="M16 5v4.8M16 22.2V27M5 16h4.8M22.2 16H27M8.2 8.2l3.4 3.4M20.4 20.4l3.4 3.4M23.8 8.2l-3.4 3.4M11.6 20.4l-3.4 3.4" />
      </g>
      <circle cx="16" cy="16" r="1.9" fill="#fff" />
    </svg>
  );
}
