/**
 * @file What the kernel's two threads say to each other. One holds the sockets and stays free whatever a cell does; the other, the process's main
 * thread, compiles and runs cells.
 */
import type { Header, Json } from "../ipynb/message.js";

/** Requests that need the compiler. */
export type AskedOfCompiler = "complete_request" | "inspect_request" | "is_complete_request";

export interface ExecuteRequest {
  readonly code: string;
  readonly silent: boolean;
  readonly userExpressions: Readonly<Record<string, string>>;
  readonly allowStdin: boolean;
  /** the number in In[n] */
  readonly count: number;
  /** the front end's id of the cell */
  readonly cell: string | undefined;
}

export type ToCells =
  | { readonly kind: "execute"; readonly id: number; readonly parent: Header; readonly request: ExecuteRequest }
  | { readonly kind: "ask"; readonly id: number; readonly type: AskedOfCompiler; readonly content: Json }
  | { readonly kind: "input"; readonly value: string }
  /** `ended`: the code that ran was ended already, because it would not hear */
  | { readonly kind: "interrupt"; readonly ended: boolean }
  | { readonly kind: "end" };

export type ToSockets =
  /** `content` is the text of its JSON */
  | { readonly kind: "publish"; readonly parent: Header; readonly type: string; readonly content: string }
  | { readonly kind: "reply"; readonly id: number; readonly content: Json }
  | { readonly kind: "prompt"; readonly content: { readonly prompt: string; readonly password: boolean } }
  /** the main thread has taken notice: it was not within a synchronous loop */
  | { readonly kind: "interrupted" }
  /** the process ends: send what waits, close, and set {@link CLOSED} */
  | { readonly kind: "close" };

/** Of the numbers that both threads see, the one that is 1 while the compiler works, which must not be ended in the middle. */
export const COMPILING = 0;
/** The one that is 1 once the sockets are closed. */
export const CLOSED = 1;
