import type { Answer, StopCause } from "./messages.ts";

/** Where an attempt runs: a pool of threads, a process of its own, or the process that started the worker. */
export type Place = {
  /** Takes an attempt back that has not begun. False when it has, or may have. */
  takeBack(attemptId: string): boolean;
  /** Tells the body what it asked. */
  answer(attemptId: string, askId: number, answer: Answer): void;
  /** Tells the body to stop. */
  stop(attemptId: string, cause: StopCause): void;
  /** Nobody waits for the body any more: ends it if that harms no other, and never reports on it again. */
  giveUp(attemptId: string): void;
};
