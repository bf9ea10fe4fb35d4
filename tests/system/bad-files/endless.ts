for (;;) Math.sqrt(Math.random());
export {};
