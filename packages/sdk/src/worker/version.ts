/** Announced to servers, and shown in the list of workers. */
export const version = "0.1.0";
