/**
 * @file The messages between the kernel's two threads. One holds the sockets and is never blocked by a cell. The other, the main thread, compiles
 * and runs cells.
 */
import type { Header, Json } from "../ipynb/message.js";

/** Requests that need the compiler. */
export type AskedOfCompiler = "complete_request" | "inspect_request" | "is_complete_request";

/** The messages of Jupyter's comms, which widgets speak. */
export type CommMessage = "comm_open" | "comm_msg" | "comm_close";

/** A request to run a cell. */
export interface ExecuteRequest {
  readonly code: string;
  readonly silent: boolean;
  readonly userExpressions: Readonly<Record<string, string>>;
  readonly allowStdin: boolean;
  /** the number in In[n] */
  readonly count: number;
  /** the front end's cell id */
  readonly cell: string | undefined;
}

/** A message to the main thread. */
export type ToCells =
  | { readonly kind: "execute"; readonly id: number; readonly parent: Header; readonly request: ExecuteRequest }
  | { readonly kind: "ask"; readonly id: number; readonly type: AskedOfCompiler; readonly content: Json }
  | { readonly kind: "input"; readonly value: string }
  /** a message of a front end's comm; answered by a reply without content */
  | {
      readonly kind: "comm";
      readonly id: number;
      readonly type: CommMessage;
      readonly parent: Header;
      readonly content: Json;
      readonly buffers: readonly Uint8Array[];
    }
  /** `ended`: the running code was already terminated, because it did not notice the interrupt */
  | { readonly kind: "interrupt"; readonly ended: boolean }
  | { readonly kind: "end" };

/** A message to the sockets' thread. */
export type ToSockets =
  /** `content` is the text of its JSON */
  | {
      readonly kind: "publish";
      readonly parent: Header;
      readonly type: string;
      readonly content: string;
      /** of comm messages */
      readonly metadata?: Json;
      readonly buffers?: readonly Uint8Array[];
      /** of comm_open and comm_close: which comm there now is, and which is gone */
      readonly comm?: { readonly id: string; readonly target?: string };
    }
  | { readonly kind: "reply"; readonly id: number; readonly content: Json }
  | { readonly kind: "prompt"; readonly content: { readonly prompt: string; readonly password: boolean } }
  /** the main thread noticed the interrupt: it was not in a synchronous loop */
  | { readonly kind: "interrupted" }
  /** the process ends: send waiting messages, close the sockets, and set {@link CLOSED} */
  | { readonly kind: "close" };

/** Index in the shared array: 1 while the compiler works, which must not be terminated. */
export const COMPILING = 0;
/** Index in the shared array: 1 once the sockets are closed. */
export const CLOSED = 1;
/** Index in the shared array: 1 once a front end has asked which widgets are open. */
export const WIDGETS = 2;
