import type { Metadata } from "next";
import { Suspense } from "react";
import { DependencyPage } from "./_components/dependency-page.tsx";

export const metadata: Metadata = { title: "Dependencies" };

export default function Page() {
  return (
    <Suspense>
      <DependencyPage />
    </Suspense>
  );
}
