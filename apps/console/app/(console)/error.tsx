"use client";
import { ErrorFace } from "../../components/faces.tsx";

type Props = { readonly error: Error; readonly reset: () => void };

export default function PageError({ error, reset }: Props) {
  return <ErrorFace error={error} what="This page broke" onRetry={reset} />;
}
