/** True under `next dev`; the bundler replaces it, so built code carries no branch. */
export const isDevelopment = process.env.NODE_ENV === "development";
