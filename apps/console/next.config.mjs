/** @type {import("next").NextConfig} */
export const config = {
  // The wire package is TypeScript source; it is compiled with the app.
  transpilePackages: ["@millrace/wire"],
  poweredByHeader: false,
  reactStrictMode: true,
  // The api's HTTP server is in front; it compresses, or is on the same machine.
  compress: false,
  images: { unoptimized: true },
  // `npm run check` does this, with the same tsconfig.
  typescript: { ignoreBuildErrors: true },
  devIndicators: false,
};

export default config;
