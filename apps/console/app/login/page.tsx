import type { Metadata } from "next";
import { Logo } from "../../components/logo.tsx";
import { Providers } from "../../components/providers.tsx";
import { ThemeSwitch } from "../../components/theme-switch.tsx";
import { wayBack } from "../../lib/way-back.ts";
import { LoginForm } from "./_components/login-form.tsx";

export const metadata: Metadata = { title: "Log in" };

type Props = {
  readonly searchParams: Promise<Readonly<Record<string, string | string[] | undefined>>>;
};

export default async function LoginPage({ searchParams }: Props) {
  const { token, next } = await searchParams;
  return (
    <main className="relative grid min-h-dvh place-items-center bg-surface p-6">
      <div className="absolute top-4 right-4">
        <ThemeSwitch />
      </div>
      <div className="w-full max-w-sm space-y-6 rounded-panel border border-line bg-raised p-7">
        <div className="space-y-3">
          <Logo size={40} />
          <h1 className="text-title font-semibold tracking-tight">Log in to Millrace</h1>
        </div>
        <Providers>
          <LoginForm token={typeof token === "string" ? token : ""} next={wayBack(next)} />
        </Providers>
      </div>
    </main>
  );
}
