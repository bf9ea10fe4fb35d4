import type { Metadata } from "next";
import { InputsPage } from "./_components/inputs-page.tsx";

export const metadata: Metadata = { title: "Inputs" };

export default function Page() {
  return <InputsPage />;
}
