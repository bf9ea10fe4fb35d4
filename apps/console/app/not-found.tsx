import Link from "next/link";
import { Logo } from "../components/logo.tsx";

export default function NotFound() {
  return (
    <main className="grid min-h-dvh place-items-center p-6 text-center">
      <div className="space-y-3">
        <div className="flex justify-center">
          <Logo size={36} />
        </div>
        <h1 className="text-title font-semibold">There is no page at this address</h1>
        <p className="text-muted">It may have been mistyped, or belong to a newer version.</p>
        <Link href="/dags" className="text-accent underline">
          To the DAGs
        </Link>
      </div>
    </main>
  );
}
